/** An exported decoder with past and present, driven by onnxruntime-node alone as transformers.js drives it. */
import * as ort from "onnxruntime-node";

type Tensors = Readonly<Record<string, ort.Tensor>>;

export interface Cached {
  session: ort.InferenceSession;
  /** What comes in where nothing came before, but its rows. */
  emptyOf(rows: number): Tensors;
  /** What comes in with each call besides, such as what is seen of a picture. */
  also?: Tensors;
  /** What new tokens are read as, where they are not read as ids. */
  embedded?(ids: ort.Tensor): Promise<ort.Tensor>;
}

export async function openCached(
  path: string | Uint8Array,
  others: Pick<Cached, "also" | "embedded"> = {},
): Promise<Cached> {
  const session = await ort.InferenceSession.create(path as string, { logSeverityLevel: 3 });
  const past = session.inputMetadata.filter(({ name }) => name.startsWith("past_key_values."));
  return {
    ...others,
    session,
    emptyOf(rows) {
      return Object.fromEntries(
        past.map((input) => {
          if (!input.isTensor) throw new Error(`${input.name} is no tensor`);
          const [, heads, , width] = input.shape as readonly number[];
          return [input.name, new ort.Tensor("float32", new Float32Array(), [rows, heads ?? 0, 0, width ?? 0])];
        }),
      );
    },
  };
}

export interface Step {
  logits: ort.Tensor;
  /** What goes in with the next step. */
  presents: Tensors;
}

/** One call on new tokens of each row; the mask is of the earlier ones too. */
export async function stepOf(
  { session, emptyOf, also, embedded }: Cached,
  tokens: readonly (readonly number[])[],
  mask: readonly (readonly number[])[],
  past: Tensors = emptyOf(tokens.length),
): Promise<Step> {
  const [rows, length, seen] = [tokens.length, tokens[0]?.length ?? 0, mask[0]?.length ?? 0];
  const tensor = (numbers: readonly number[], width: number) =>
    new ort.Tensor("int64", BigInt64Array.from(numbers, BigInt), [rows, width]);
  const positions = mask.flatMap((row) => {
    let place = -1;
    return row.map((counts) => (counts ? ++place : 1)).slice(seen - length);
  });
  const ids = tensor(tokens.flat(), length);
  const given: Tensors = {
    ...(embedded ? { inputs_embeds: await embedded(ids) } : { input_ids: ids }),
    attention_mask: tensor(mask.flat(), seen),
    position_ids: tensor(positions, length),
    ...also,
    ...past,
  };
  const taken = Object.entries(given).filter(([name]) => session.inputNames.includes(name));
  const { logits, ...others } = await session.run(Object.fromEntries(taken));
  const presents = Object.fromEntries(
    Object.entries(others).map(([name, value]) => [name.replace("present.", "past_key_values."), value]),
  );
  return { logits: logits as ort.Tensor, presents };
}

/** So many of the best tokens behind each prompt; prompts are of one length, padded at the left. */
export async function greedy(
  decoder: Cached,
  prompts: readonly (readonly number[])[],
  mask: readonly (readonly number[])[],
  count: number,
): Promise<number[][]> {
  const rows = prompts.map((prompt) => [...prompt]);
  const seen = mask.map((row) => [...row]);
  let step = await stepOf(decoder, rows, seen);
  for (let made = 1; ; made++) {
    const fresh = bestOf(step.logits);
    for (const [row, token] of fresh.entries()) {
      rows[row]?.push(token);
      seen[row]?.push(1);
    }
    if (made === count) return rows;
    step = await stepOf(
      decoder,
      fresh.map((token) => [token]),
      seen,
      step.presents,
    );
  }
}

/** The best token behind each row's last one. */
function bestOf({ data, dims }: ort.Tensor): number[] {
  const [rows, length, vocabulary] = dims as [number, number, number];
  return Array.from({ length: rows }, (_, row) => {
    const end = (row + 1) * length * vocabulary;
    const scores = (data as Float32Array).subarray(end - vocabulary, end);
    return scores.reduce((best, score, i) => (score > (scores[best] as number) ? i : best), 0);
  });
}

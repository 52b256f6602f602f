/** Patchbay: the decoder node lowered and loaded as *Generate* does, its rows driven without a tokenizer. */
import { largest } from "#models/generation/scores";
import { graphDocument } from "#nodes/graph/document";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import type { Tensor } from "#nodes/core/values";
import { openDecoder } from "#server/runtime/generation/open-decoder";
import type { Provider } from "#server/runtime/providers";
import { SessionPool } from "#server/runtime/sessions";
import { smollm2 } from "../finetune-llm/sizes";
import { france, perSecond, promptOf, report, scope, sizes, timed } from "./measure";
import { blobsIn, weightsIn } from "./prepare";

const [folder = "", precision = "float32", provider = "cpu"] = process.argv.slice(2);
const weights = weightsIn(folder)[precision];
if (!weights) throw new Error(`there are no weights of the precision ${precision}`);

const document = graphDocument.parse({
  schema: 1,
  name: "bench",
  nodes: {
    ids: { type: "text.tokenize", params: { packing: "own" } },
    weights: { type: "weights.make", params: {} },
    decoder: { type: "model.llm-decoder", params: { scope, ...smollm2 } },
  },
  wires: [
    { from: { node: "ids", port: "ids" }, to: { node: "decoder", port: "ids" } },
    { from: { node: "weights", port: "weights" }, to: { node: "decoder", port: "weights" } },
  ],
});
const ids: Tensor = { dtype: "int64", shape: [1, france.length], data: BigInt64Array.from(france, BigInt) };
const { decoder, prompts } = await openDecoder({
  graph: resolve(document, registry),
  scores: { node: "decoder", port: "logits" },
  weightsOf: async () => weights,
  valueOf: async () => ids,
  blobs: blobsIn(folder),
  sessions: new SessionPool(),
  provider: provider as Provider,
  signal: new AbortController().signal,
});

const best = (scores: Float32Array, rows: number): number[] =>
  Array.from({ length: rows }, (_, row) => {
    const own = scores.subarray(row * decoder.vocabulary, (row + 1) * decoder.vocabulary);
    return largest(own, 1)[0]?.index ?? 0;
  });

/** Milliseconds of each step behind prompts, and the tokens of the first row. */
async function write(starts: number[][], steps: number): Promise<{ times: number[]; tokens: number[] }> {
  let chosen = best(await decoder.start(starts), starts.length);
  const tokens = [chosen[0] as number];
  const times: number[] = [];
  for (let step = 0; step < steps + sizes.warm; step++) {
    const ms = await timed(async () => {
      chosen = best(await decoder.next(chosen), starts.length);
    });
    tokens.push(chosen[0] as number);
    if (step >= sizes.warm) times.push(ms);
  }
  return { times, tokens };
}

const { tokens } = await write(prompts, 6);
const prefill: number[] = [];
for (let i = 0; i < 4; i++) prefill.push(await timed(() => decoder.start([promptOf(sizes.prefill, i)])));
const single = await write([promptOf(sizes.prompt)], sizes.steps);
const late = await write([promptOf(sizes.late)], sizes.steps / 2);
const rows = Array.from({ length: sizes.rows }, (_, i) => promptOf(sizes.prompt, i));
const batch = await write(rows, sizes.steps / 2);
report({
  decode: perSecond(1, single.times),
  decodeLate: perSecond(1, late.times),
  prefill: perSecond(sizes.prefill, prefill.slice(1)),
  batch: perSecond(sizes.rows, batch.times),
  text: tokens.join(" "),
});

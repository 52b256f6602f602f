/** A folder's model makes tokens: `generate` of transformers, by its names. */
import { Inputs, type Options } from "#models/architectures/core/architecture";
import { parsed } from "#models/architectures/core/json";
import { Generation, generationSizes } from "#models/blocks/generation";
import type { Scores } from "#models/generation/decoding";
import { generate, sequencesOf } from "#models/generation/generate";
import type { Generated } from "#models/generation/made";
import { type GenerationOptions, optionsFrom } from "#models/generation/options";
import { Graph } from "#models/onnx/graph";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";
import { Decoder } from "../generation/decoder";
import { decoderModel } from "../generation/decoder-model";
import { openSession } from "../sessions";
import {
  builderFor,
  explained,
  fitted,
  type ForwardResult,
  type Given,
  parted,
  type Tensors,
  written,
} from "./forward";
import type { ModelFolder } from "./model-folder";

/** What says where tokens lie; while text is generated it follows from them. */
const places = ["input_ids", "attention_mask", "position_ids", "labels"];

/** A folder's decoder, loaded with what else it reads, such as pictures. */
export async function openFolderDecoder(
  model: ModelFolder,
  { tensors: others, numbers }: Given = { tensors: {}, numbers: {} },
  signal: AbortSignal = new AbortController().signal,
  prompts?: readonly (readonly number[])[],
): Promise<{ decoder: Decoder; close(): Promise<void> }> {
  const config = model.configFor();
  const graph = new Graph();
  const generation = new Generation(graph);
  const { rows, tokens } = generationSizes;
  const values = Object.entries(others).map(([name, { dtype, shape }]) => {
    // A prompt may have several pictures, or none, where they are counted for themselves.
    const isOfPrompts = config.inputs[name]?.shape[0] === rows;
    return [name, graph.input(name, dtype, isOfPrompts ? [rows, ...shape.slice(1)] : shape)] as const;
  });
  const ids = graph.input("input_ids", "int64", [rows, tokens]);
  const inputs = new Inputs({ ...Object.fromEntries(values), input_ids: ids }, numbers, prompts);
  const loaded = builderFor(model, config, graph);
  const scores = explained(() => config.forward({ ...loaded.builder, generation }, inputs).logits?.());
  if (!scores || !generation.kept.length)
    throw new Failure({
      message: `${config.className} generates no text.`,
      hint: "Choose the folder of a language model, such as one of LlamaForCausalLM.",
    });
  const opened: Awaited<ReturnType<typeof openSession>>[] = [];
  const built = await decoderModel({
    generation,
    graph,
    tokens: "input_ids",
    scores,
    given: others,
    async open(part) {
      const session = await openSession(written(part, loaded), "cpu");
      opened.push(session);
      return session;
    },
  });
  const close = async () => {
    for (const session of opened) await session.release();
  };
  return { decoder: new Decoder(built, signal), close };
}

/** The sequences that `generate` gives, with the scores of its steps or of its beams. */
export async function runGenerate(model: ModelFolder, inputs: Tensors, call: Options = {}): Promise<ForwardResult> {
  const config = model.configFor();
  const given = fitted(inputs, config.inputs);
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !places.includes(name)));
  const { ids, mask, settings } = config.prompt({
    rows: Object.values(others)[0]?.shape[0] ?? given.input_ids?.shape[0] ?? 0,
    ids: given.input_ids && rowsIn(given.input_ids),
    mask: given.attention_mask && rowsIn(given.attention_mask),
  });
  if (!ids) throw new Failure({ message: "The input “input_ids” is missing.", hint: "Give the prompts' token ids." });
  const prompts = ids.map((row, i) => row.filter((_, place) => mask?.[i]?.[place] !== 0));
  const longest = Math.max(...prompts.map(({ length }) => length));
  const defaults = { ...(await generationDefaults(model, call)), ...without(settings ?? {}, call) };
  const options = explained(() => optionsFrom(defaults, call, longest));
  const { decoder, close } = await openFolderDecoder(model, parted(others, config.inputs), undefined, prompts);
  try {
    const steps: Float32Array[] = [];
    const { vocabulary } = decoder;
    const count = prompts.length * options.results;
    const onScores = (scores: Scores, rows: readonly number[]) =>
      void steps.push(placed(scores, rows, count, vocabulary));
    const generated = await generate(decoder, prompts, options, options.beams === 1 ? { onScores } : {});
    return { outputs: outputsOf({ prompts, generated, options, steps, vocabulary }), left: {} };
  } finally {
    await close();
  }
}

/** generation_config.json, or what config.json says of it; without what the call takes back by null. */
export async function generationDefaults(model: ModelFolder, call: Options): Promise<object> {
  const text = await model.json("generation_config.json");
  const said = text === undefined ? model.configFor().json : parsed(text, "generation_config.json");
  return without(said, call);
}

/** Settings but for those that the call takes back by null. */
function without(settings: object, call: Options): object {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => call[name] !== null));
}

/** A table of integers, row by row. */
function rowsIn({ shape, data }: Tensor): number[][] {
  const [rows = 0, length = 0] = shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length }, (_, place) => Number(data[row * length + place])),
  );
}

/** The scores of some rows among those of all; rows that ended have zeros. */
function placed(scores: Scores, rows: readonly number[], count: number, vocabulary: number): Float32Array {
  const all = new Float32Array(count * vocabulary);
  for (const [i, row] of rows.entries()) {
    all.set(scores.subarray(i * vocabulary, (i + 1) * vocabulary), row * vocabulary);
  }
  return all;
}

interface Result {
  prompts: readonly (readonly number[])[];
  generated: readonly (readonly Generated[])[];
  options: GenerationOptions;
  /** The scores of each step, row by row. */
  steps: readonly Float32Array[];
  vocabulary: number;
}

function outputsOf({ prompts, generated, options, steps, vocabulary }: Result): Record<string, Tensor> {
  const sequences = sequencesOf(prompts, generated, options.padding);
  const data = BigInt64Array.from(sequences.flat(), BigInt);
  const tokens: Tensor = { dtype: "int64", shape: [sequences.length, sequences[0]?.length ?? 0], data };
  if (options.beams === 1) return { sequences: tokens, logits: scoresOfSteps(steps, sequences.length, vocabulary) };
  const scores = Float32Array.from(generated.flat(), ({ score = 0 }) => score);
  return { sequences: tokens, sequences_scores: { dtype: "float32", shape: [scores.length], data: scores } };
}

/** [rows, steps, vocabulary]. */
function scoresOfSteps(steps: readonly Float32Array[], rows: number, vocabulary: number): Tensor {
  const data = new Float32Array(rows * steps.length * vocabulary);
  for (const [step, scores] of steps.entries()) {
    for (let row = 0; row < rows; row++) {
      const own = scores.subarray(row * vocabulary, (row + 1) * vocabulary);
      data.set(own, (row * steps.length + step) * vocabulary);
    }
  }
  return { dtype: "float32", shape: [rows, steps.length, vocabulary], data };
}

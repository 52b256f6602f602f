/**
 * A model's graph as Hugging Face's Optimum exports it: inputs and outputs bear the names by which transformers.js, and
 * whatever else runs such files, finds them.
 */
import { builderOf } from "../../blocks/builder";
import { Caches, cacheSizes } from "../../blocks/caches";
import { type Dim, Graph, type Value } from "../../onnx/graph";
import { rewrite } from "../../onnx/rewrite";
import { onlyFor } from "../../onnx/split";
import { Inputs, type InputSpec, MissingInput } from "./architecture";
import { MissingParameter } from "./loaded";
import type { OpenedConfig } from "./open";
import { sizesOf } from "./signature";

/** What open sizes of decoders are called. */
export const optimumSizes: Readonly<Record<string, Dim>> = {
  [cacheSizes.rows]: "batch_size",
  [cacheSizes.tokens]: "sequence_length",
  [cacheSizes.past]: "past_sequence_length",
};

/** Whether a class of transformers writes on behind tokens alone. */
export const isCausalModel = (className: string): boolean => /ForCausalLM$|LMHeadModel$/.test(className);

/**
 * Language models take new tokens, and keys and values of earlier ones: `input_ids`, `attention_mask`, `position_ids`,
 * `past_key_values.N.key` and `.value`; and give `logits`, `present.N.key` and `.value`. All others take what their
 * class must be given, with its masks, and give what it gives but losses and states.
 */
export function optimumGraph(model: OpenedConfig, how: OptimumSpec): Graph {
  return isCausalModel(model.className) ? decoderGraph(model, how) : wholeGraph(model, how);
}

export interface OptimumSpec {
  /** Whether there is a parameter. An output that lacks one is left out. */
  has(parameter: string): boolean;
  /**
   * Height and width of pictures, where the model cuts them into patches and so must know: its own where absent. Other
   * models take any.
   */
  size?: readonly [number, number];
}

function decoderGraph(model: OpenedConfig, { has }: OptimumSpec): Graph {
  const graph = new Graph();
  const caches = new Caches(graph);
  const ids = graph.input("input_ids", "int64", [cacheSizes.rows, cacheSizes.tokens]);
  const outputs = model.forward({ ...known(graph, has), caches }, new Inputs({ input_ids: ids }));
  const scores = (outputs.logits as () => Value)();
  // transformers.js reads the scores first.
  const wanted = new Map([["logits", scores], ...caches.presents]);
  return rewrite(onlyFor(graph, wanted), { sizes: optimumSizes });
}

/** Inputs that are optional, and yet belong to what people hand to a model. */
const alwaysTaken = ["attention_mask", "token_type_ids", "pixel_values", "pixel_mask"];

function wholeGraph(model: OpenedConfig, { has, size }: OptimumSpec): Graph {
  const graph = new Graph();
  const { picture } = model;
  const sizes = picture?.patch ? sizesOf({ picture: size ? { ...picture, size } : picture }, 1) : {};
  const taken = Object.entries(model.inputs).filter(
    ([name, { optional, isKnown, isUncommon }]) => !isKnown && !isUncommon && (!optional || alwaysTaken.includes(name)),
  );
  const inputs = taken.map(([name, { dtype, shape }]) => {
    const bound = shape.map((d, axis) => (d === "*" ? `${name}_${axis}` : (sizes[d] ?? d)));
    return [name, graph.input(name, dtype, bound)] as const;
  });
  const outputs = model.forward(known(graph, has), new Inputs(Object.fromEntries(inputs)));
  const wanted = new Map<string, Value>();
  for (const [path, make] of Object.entries(outputs)) {
    if (path === "loss" || path.includes(".")) continue;
    const value = unlessMissing(make);
    if (value) wanted.set(path, value);
  }
  if (!wanted.size) throw new Error("nothing of it can be computed from its inputs and its weights");
  return rewrite(onlyFor(graph, wanted), { sizes: sizeNames(taken.map(([, spec]) => spec)) });
}

/** Texts and pictures have batches of their own where a model takes both. */
function sizeNames(specs: readonly InputSpec[]): Record<string, Dim> {
  const hasTexts = specs.some(({ shape }) => shape[0] === "T");
  const batches = { B: hasTexts ? "image_batch_size" : "batch_size", T: "text_batch_size" };
  return { ...batches, L: "sequence_length", H: "height", W: "width" };
}

function known(graph: Graph, has: (parameter: string) => boolean) {
  const builder = builderOf(graph, false);
  const weight: typeof builder.weight = (name, shape, init) => {
    if (!has(name)) throw new MissingParameter(name);
    return builder.weight(name, shape, init);
  };
  return { ...builder, weight, buffer: weight };
}

function unlessMissing(make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof MissingInput || error instanceof MissingParameter) return undefined;
    throw error;
  }
}

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
 * The files of a model, by the names that they have before `.onnx`.
 *
 * - Language models are one, `model`: it takes new tokens, and keys and values of earlier ones: `input_ids`,
 *   `attention_mask`, `position_ids`, `past_key_values.N.key` and `.value`; and gives `logits`, `present.N.key` and
 *   `.value`.
 * - Models that put pictures among words are three: `vision_encoder` (`pixel_values` → `image_features`),
 *   `embed_tokens` (`input_ids` → `inputs_embeds`) and `decoder_model_merged`, which reads `inputs_embeds`.
 * - Models that caption a picture they look at all along are two: `encoder_model` (`pixel_values` →
 *   `last_hidden_state`) and `decoder_model_merged`, which reads `input_ids` and `encoder_hidden_states`.
 * - All others take what their class must be given, with its masks, and give what it gives but losses and states.
 */
export function optimumGraphs(model: OpenedConfig, how: OptimumSpec): Map<string, Graph> {
  if (isCausalModel(model.className)) return new Map([["model", decoderGraph(model, how, ["input_ids"])]]);
  if (model.inputs.encoder_hidden_states)
    return new Map([
      ["encoder_model", visionGraph(model, how, ["last_hidden_state"], "last_hidden_state")],
      ["decoder_model_merged", decoderGraph(model, how, ["input_ids", "encoder_hidden_states"])],
    ]);
  if (model.inputs.inputs_embeds && model.inputs.pixel_values)
    return new Map([
      ["vision_encoder", visionGraph(model, how, ["tile_features", "image_features"], "image_features")],
      ["embed_tokens", wordsGraph(model, how)],
      ["decoder_model_merged", decoderGraph(model, how, ["inputs_embeds"])],
    ]);
  return new Map([["model", wholeGraph(model, how)]]);
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

/** Scores behind new tokens, or what stands for them; and keys and values, in and out. */
function decoderGraph(model: OpenedConfig, { has }: OptimumSpec, names: readonly string[]): Graph {
  const graph = new Graph();
  const caches = new Caches(graph);
  const places: Readonly<Record<string, Dim>> = { B: cacheSizes.rows, T: cacheSizes.rows, L: cacheSizes.tokens };
  const inputs = names.map((name) => {
    const { dtype, shape } = model.inputs[name] as InputSpec;
    const bound = shape.map((d) => (d === "*" ? `${name}_length` : (places[d] ?? d)));
    return [name, graph.input(name, dtype, bound)] as const;
  });
  const outputs = model.forward({ ...known(graph, has), caches }, new Inputs(Object.fromEntries(inputs)));
  const scores = (outputs.logits as () => Value)();
  // transformers.js reads the scores first.
  const wanted = new Map([["logits", scores], ...caches.presents]);
  return rewrite(onlyFor(graph, wanted), { sizes: optimumSizes });
}

/** Words as the decoder reads them. */
function wordsGraph(model: OpenedConfig, { has }: OptimumSpec): Graph {
  const graph = new Graph();
  const ids = graph.input("input_ids", "int64", [cacheSizes.rows, cacheSizes.tokens]);
  const { inputs_embeds: embed } = model.forward(known(graph, has), new Inputs({ input_ids: ids }));
  return rewrite(onlyFor(graph, new Map([["inputs_embeds", (embed as () => Value)()]])), { sizes: optimumSizes });
}

/** What pictures become, the first of some outputs that there is. Of a model that cuts pictures to tiles: tiles. */
function visionGraph(model: OpenedConfig, { has, size }: OptimumSpec, paths: readonly string[], name: string): Graph {
  const graph = new Graph();
  const spec = model.inputs.tiles ?? (model.inputs.pixel_values as InputSpec);
  const sizes = picturesSizes(model, size);
  const shape = spec.shape.map((d, axis) => (axis ? (sizes[d] ?? d) : "P"));
  const pixels = graph.input("pixel_values", spec.dtype, shape);
  const outputs = model.forward(known(graph, has), new Inputs({ pixel_values: pixels, tiles: pixels }));
  const make = paths.map((path) => outputs[path]).find((each) => each) as () => Value;
  return rewrite(onlyFor(graph, new Map([[name, make()]])), { sizes: { ...sizeNames([spec]), P: "batch_size" } });
}

function picturesSizes({ picture }: OpenedConfig, size: OptimumSpec["size"]): Readonly<Record<string, Dim>> {
  return picture?.patch ? sizesOf({ picture: size ? { ...picture, size } : picture }, 1) : {};
}

/** Inputs that are optional, and yet belong to what people hand to a model. */
const alwaysTaken = ["attention_mask", "token_type_ids", "pixel_values", "pixel_mask"];

function wholeGraph(model: OpenedConfig, { has, size }: OptimumSpec): Graph {
  const graph = new Graph();
  const sizes = picturesSizes(model, size);
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

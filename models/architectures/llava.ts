/**
 * LLaVA (Liu et al. 2023), LLaVA-NeXT and LLaVA-OneVision (Li et al. 2024): what a picture encoder sees is put among
 * the words that a language model reads.
 */
import * as z from "zod";
import { activate } from "../blocks/activation";
import { type Builder, linear, scoped } from "../blocks/builder";
import { packAlike } from "../blocks/packed";
import { placeFeatures } from "../blocks/tokens";
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import type { AnyResRule } from "../pictures/anyres";
import { joinedPackings, tilePacking, videoPacking } from "../pictures/packing";
import { clipVisionConfig, clipVisionTower } from "./clip";
import {
  architecture,
  defineFamily,
  type Forward,
  Inputs,
  type InputSpec,
  once,
  type Outputs,
} from "./core/architecture";
import { llavaRenames } from "./core/names";
import { activation, byModelType, flag, nested, size } from "./core/config";
import { labelInputs, languageHead, languageInputs, tokenEmbeddings } from "./core/language-model";
import { type LlamaLanguage, llamaTower } from "./core/llama-layer";
import { featuresInRows, picturePackings } from "./core/picture-packings";
import type { Tower } from "./core/towers";
import { llamaLanguage } from "./llama";
import { mistralLanguage } from "./mistral";
import { qwen2Language } from "./qwen2";
import { siglipVisionConfig, siglipVisionTower } from "./siglip";

/** A picture encoder of one of the kinds that are known. */
interface Vision {
  channels: number;
  side: number;
  patch: number;
  build(builder: Builder, pixels: () => Value): Tower;
}

const squareOf = ({ image_size, patch_size }: { image_size: readonly number[]; patch_size: readonly number[] }) => {
  const [side = 0, other] = image_size;
  const [patch = 1, across] = patch_size;
  if (side !== other || patch !== across) throw new Error("pictures and patches must be squares");
  return { side, patch };
};

const clipVision: z.ZodType<Vision> = clipVisionConfig.transform((config) => ({
  ...squareOf(config),
  channels: config.num_channels,
  build: (builder, pixels) => clipVisionTower(builder, config, pixels),
}));
const siglipVision: z.ZodType<Vision> = siglipVisionConfig.transform((config) => ({
  ...squareOf(config),
  channels: config.num_channels,
  build: (builder, pixels) => siglipVisionTower(builder, config, pixels),
}));
const visionOf = (otherwise: string, whenAbsent: object): z.ZodType<Vision> =>
  z.preprocess(
    (given) => given ?? whenAbsent,
    byModelType<Vision>(otherwise, {
      clip_vision_model: clipVision,
      siglip_vision_model: siglipVision,
    }),
  );

const languageOf = (otherwise: string): z.ZodType<LlamaLanguage> =>
  nested(
    byModelType<LlamaLanguage>(otherwise, { llama: llamaLanguage, mistral: mistralLanguage, qwen2: qwen2Language }),
  );

const layer = z.int().min(-1024).max(1024);
const token = (otherwise: number) =>
  z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(otherwise);
const strategy = (otherwise: "default" | "full") => z.enum(["default", "full"]).default(otherwise);

const shared = {
  projector_hidden_act: activation("gelu"),
  multimodal_projector_bias: flag(true),
  tie_word_embeddings: flag(false),
};
const clipLarge = {
  model_type: "clip_vision_model",
  intermediate_size: 4096,
  hidden_size: 1024,
  patch_size: 14,
  image_size: 336,
  num_hidden_layers: 24,
  num_attention_heads: 16,
};
const pinpoints = (otherwise: [number, number][]) =>
  z
    .array(z.tuple([size(1, 2 ** 16), size(1, 2 ** 16)]))
    .min(1)
    .max(1000)
    .nullish()
    .transform((given): readonly [number, number][] => given ?? otherwise);

const llavaConfig = z.object({
  ...shared,
  vision_config: visionOf("clip_vision_model", clipLarge),
  text_config: languageOf("llama"),
  image_token_index: token(32000),
  vision_feature_select_strategy: strategy("default"),
  vision_feature_layer: z.union([layer, z.array(layer).min(1).max(64)]).default(-2),
});
const nextConfig = llavaConfig.extend({
  image_grid_pinpoints: pinpoints([
    [336, 672],
    [672, 336],
    [672, 672],
    [1008, 336],
    [336, 1008],
  ]),
});
const soLarge = {
  model_type: "siglip_vision_model",
  hidden_size: 1152,
  intermediate_size: 4304,
  patch_size: 14,
  image_size: 384,
  num_hidden_layers: 26,
  num_attention_heads: 16,
  vision_use_head: false,
};
const onevisionConfig = llavaConfig.extend({
  vision_config: visionOf("siglip_vision_model", soLarge),
  text_config: languageOf("qwen2"),
  image_token_index: token(151646),
  video_token_index: token(151647),
  vision_feature_select_strategy: strategy("full"),
  vision_feature_layer: z.union([layer, z.array(layer).min(1).max(64)]).default(-1),
  vision_aspect_ratio: z
    .string()
    .regex(/^anyres_max_[1-9]\d{0,3}$/)
    .default("anyres_max_9"),
  image_grid_pinpoints: pinpoints(
    Array.from({ length: 36 }, (_, i): [number, number] => [384 * (Math.floor(i / 6) + 1), 384 * ((i % 6) + 1)]),
  ),
});
type Config = z.output<typeof llavaConfig>;
type NextConfig = z.output<typeof nextConfig>;
type OnevisionConfig = z.output<typeof onevisionConfig>;

/**
 * What the picture encoder sees, of the layers that the configuration names. pixels: float32 [P, C, H, W] → [P, N, W].
 */
function seenBy(builder: Builder, config: Config, pixels: Value): Value {
  const tower = config.vision_config.build(scoped(builder, "vision_tower.vision_model"), () => pixels);
  const count = Object.keys(tower.states).length;
  const states = [config.vision_feature_layer].flat().map((index) => {
    const state = tower.states[`hidden_states.${index < 0 ? count + index : index}`];
    if (!state) throw new Error(`vision_feature_layer: there is no state ${index} of ${count - 1} layers`);
    return state();
  });
  const all = states.length === 1 ? (states[0] as Value) : builder.op.Concat(...(states as [Value]), { axis: 2 });
  const isCut = config.vision_feature_select_strategy === "default";
  return isCut ? builder.op.Slice(all, { starts: [1], ends: [all.shape[1] as number], axes: [1] }) : all;
}

/** The same at the width of the language model: float32 [P, N, W] → [P, N, D]. */
function projectedOnto(builder: Builder, config: Config, features: Value): Value {
  const projector = scoped(builder, "multi_modal_projector");
  const { hidden_size: width } = config.text_config.config;
  const options = { bias: config.multimodal_projector_bias };
  const inner = activate(builder, config.projector_hidden_act, linear(projector, "linear_1", features, width, options));
  return linear(projector, "linear_2", inner, width, options);
}

/** What the language model reads of pictures. pixels: float32 [P, C, H, W] → [P, N, D]. */
const projected = (builder: Builder, config: Config, pixels: Value): Value =>
  projectedOnto(builder, config, seenBy(builder, config, pixels));

/** Tiles of pictures: float32 [P, T, C, H, W] → [P, T, N, D]. */
function projectedTiles(builder: Builder, config: Config, tiles: Value): Value {
  const [pictures, count, ...rest] = tiles.shape as [Dim, Dim, ...Dim[]];
  const flat = builder.op.Reshape(tiles, { to: [multiplyDims(pictures, count), ...rest] });
  const features = projected(builder, config, flat);
  return builder.op.Reshape(features, { to: [pictures, count, ...features.shape.slice(1)] });
}

function newlineOf(builder: Builder, { text_config }: Config): Value {
  const { hidden_size: width } = text_config.config;
  return builder.weight("image_newline", [width], { kind: "normal", std: width ** -0.5 });
}

function tilesOf({ vision_config, image_grid_pinpoints }: NextConfig, most?: number): AnyResRule {
  const { side: tile, patch } = vision_config;
  const resolutions = image_grid_pinpoints.map(([height, width]) => ({ height, width }));
  const odd = resolutions.find(({ height, width }) => height < tile || width < tile);
  if (odd) throw new Error(`image_grid_pinpoints: ${odd.width} × ${odd.height} hold no tile of ${tile}`);
  return { tile, side: Math.floor(tile / patch), resolutions, most, rounding: "transformers" };
}

/** Pictures cut to tiles as their sizes say, all of them packed by one gather. → [P, M, D], or [1, M, D] for all. */
function tiledFeatures(builder: Builder, config: NextConfig, inputs: Inputs, most?: number): Value {
  const { op } = builder;
  const pixels = inputs.need("pixel_values");
  const rule = tilesOf(config, most);
  const newline = newlineOf(builder, config);
  const [, tiles, ...size] = pixels.shape as [Dim, number, ...number[]];
  const single = tilePacking(rule.side ** 2, { end: true });
  // Pictures of one tile, as several of a prompt are, need no sizes.
  if (tiles === 1) return packAlike(builder, projectedTiles(builder, config, pixels), single, newline);
  const packings = picturePackings(inputs, rule, tiles);
  const used = packings.map((packing, i) => {
    const own = op.Slice(pixels, { starts: [i, 0], ends: [i + 1, packing.tiles], axes: [0, 1] });
    return op.Reshape(own, { to: [packing.tiles, ...size] });
  });
  const features = projected(builder, config, op.Concat(...(used as [Value]), { axis: 0 }));
  const all = op.Reshape(features, { to: [1, ...features.shape] });
  return packAlike(builder, all, joinedPackings(packings, rule.side ** 2), newline);
}

/** Frames at half their sides, one newline behind them all. frames: float32 [B, F, C, H, W] → [B, M, D]. */
function videoFeatures(builder: Builder, config: OnevisionConfig, inputs: Inputs): Value {
  const features = projectedTiles(builder, config, inputs.need("pixel_values_videos"));
  const [, frames] = features.shape as [Dim, number];
  return packAlike(builder, features, videoPacking(frames, tilesOf(config).side), newlineOf(builder, config));
}

/** Features that stand in the places of a token. */
interface Seen {
  token: number;
  input: string;
  features: () => Value;
}

/** Words, with what is seen in the places of its tokens, read by the language model. */
function reading({ builder, config, inputs }: Forward<Config>, seen: readonly Seen[]): Outputs {
  const { op, graph } = builder;
  const inner = scoped(builder, "language_model");
  const { config: text, style }: LlamaLanguage = config.text_config;
  const merged = once(() => {
    const table = { rows: text.vocab_size, width: text.hidden_size };
    let words = tokenEmbeddings(inner, "model.embed_tokens", inputs, table);
    for (const { token: place, input, features } of seen) {
      if (!inputs.given(input)) continue;
      const isPlace = op.Equal(inputs.need("input_ids"), graph.constant([place], "int64"));
      const rows = featuresInRows(builder, features(), { inputs, place });
      words = placeFeatures(builder, words, isPlace, rows.features, rows.counts);
    }
    return words;
  });
  const read = once(() => {
    const given = {
      inputs_embeds: merged(),
      attention_mask: inputs.given("attention_mask"),
      position_ids: inputs.given("position_ids"),
      labels: inputs.given("labels"),
    };
    const own = new Inputs(given);
    const tied = config.tie_word_embeddings ? "model.embed_tokens.weight" : undefined;
    return languageHead(inner, own, llamaTower(inner, text, own, style), { vocabulary: text.vocab_size, tied });
  });
  const paths = [
    "loss",
    "logits",
    ...Array.from({ length: text.num_hidden_layers + 1 }, (_, i) => `hidden_states.${i}`),
  ];
  const readings = paths.map((path) => [path, () => (read()[path] as () => Value)()] as const);
  return { inputs_embeds: merged, ...Object.fromEntries(readings) };
}

const picturesSeen = (config: Config, features: () => Value): Seen => ({
  token: config.image_token_index,
  input: "pixel_values",
  features,
});

/** What the encoder, and the projector behind it, make of tiles that another node cuts and packs. */
function ofTiles({ builder, config, inputs }: Forward<Config>): Outputs {
  const seen = once(() => seenBy(seeing(builder), config, inputs.need("tiles")));
  return { vision_features: seen, tile_features: () => projectedOnto(seeing(builder), config, seen()) };
}

/** While text is generated, all that is seen is made once. */
const seeing = (builder: Builder): Builder => ({ ...builder, generation: undefined });

function llavaOutputs(model: Forward<Config>): Outputs {
  const { builder, config, inputs } = model;
  const features = once(() => projected(seeing(builder), config, inputs.need("pixel_values")));
  return { ...reading(model, [picturesSeen(config, features)]), image_features: features, ...ofTiles(model) };
}

function nextOutputs(model: Forward<NextConfig>): Outputs {
  const { builder, config, inputs } = model;
  const features = once(() => tiledFeatures(seeing(builder), config, inputs));
  return { ...reading(model, [picturesSeen(config, features)]), image_features: features, ...ofTiles(model) };
}

function onevisionOutputs(model: Forward<OnevisionConfig>): Outputs {
  const { builder, config, inputs } = model;
  const most = Number(config.vision_aspect_ratio.replace("anyres_max_", ""));
  const features = once(() => tiledFeatures(seeing(builder), config, inputs, most));
  const videos = once(() => videoFeatures(seeing(builder), config, inputs));
  const seen = [
    picturesSeen(config, features),
    { token: config.video_token_index, input: "pixel_values_videos", features: videos },
  ];
  return { ...reading(model, seen), image_features: features, video_features: videos, ...ofTiles(model) };
}

const commonInputs = (config: Config): Record<string, InputSpec> => ({
  ...languageInputs(config.text_config.config.hidden_size),
  ...labelInputs,
  tiles: { ...pixels(config, "P"), doc: "Of AnyRes tiler: gives vision_features and tile_features." },
});
const pixels = ({ vision_config: { channels, side } }: Config, ...before: Dim[]): InputSpec => ({
  dtype: "float32",
  shape: [...before, channels, side, side],
  optional: true,
});
const tileInputs = (config: Config): Record<string, InputSpec> => ({
  ...commonInputs(config),
  pixel_values: { ...pixels(config, "P", "T"), isOfCalls: true, doc: "The whole picture, and then its tiles." },
  image_sizes: {
    dtype: "int64",
    shape: ["P", 2],
    optional: true,
    isKnown: true,
    doc: "Height and width of each picture before it was cut.",
  },
});

/** The names of all three worlds as those of most files. */
const names = {
  renames: llavaRenames,
  modules: [
    [/^language_model\.model\./, "model.language_model."],
    [/^language_model\.lm_head$/, "lm_head"],
    [/^vision_tower\.vision_model\./, "model.vision_tower."],
    [/^multi_modal_projector\b/, "model.multi_modal_projector"],
  ],
  tied: { "language_model.lm_head.weight": "language_model.model.embed_tokens.weight" },
} as const;

export const llava = defineFamily({
  modelTypes: {
    llava: "LlavaForConditionalGeneration",
    llava_next: "LlavaNextForConditionalGeneration",
    llava_onevision: "LlavaOnevisionForConditionalGeneration",
  },
  classes: {
    LlavaForConditionalGeneration: architecture({
      config: llavaConfig,
      names,
      inputs: (config) => ({ ...commonInputs(config), pixel_values: pixels(config, "P") }),
      forward: llavaOutputs,
    }),
    LlavaNextForConditionalGeneration: architecture({
      config: nextConfig,
      names,
      inputs: tileInputs,
      forward: nextOutputs,
    }),
    LlavaOnevisionForConditionalGeneration: architecture({
      config: onevisionConfig,
      names,
      inputs: (config) => ({
        ...tileInputs(config),
        batch_num_images: { dtype: "int64", shape: ["B"], optional: true, isKnown: true },
        pixel_values_videos: { ...pixels(config, "V", "F"), isOfCalls: true, doc: "The frames of each video." },
      }),
      forward: onevisionOutputs,
    }),
  },
});

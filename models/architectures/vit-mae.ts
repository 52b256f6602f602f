/** Masked autoencoders (He et al. 2022): ViTMAEModel, and ViTMAEForPreTraining with its decoder and loss. */
import * as z from "zod";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { gridOf, interpolatePositions, patchesOf } from "../blocks/patches";
import { prependToken } from "../blocks/tokens";
import { append } from "../onnx/ops/index";
import type { Dim, Value } from "../onnx/graph";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  type Inputs,
  type InputSpec,
  layered,
  once,
  type Outputs,
} from "./core/architecture";
import { activation, area, epsilon, flag, heads, layers, share, size } from "./core/config";
import { pictureInputs } from "./core/towers";
import { vitPatches, vitPositions } from "./core/vit-embeddings";
import { maeRenames } from "./core/names";
import { laterVitModules, vitLayer, vitMlpNames, vitModuleNames } from "./core/vit-layer";

const config = z.object({
  hidden_size: size(768),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  intermediate_size: size(3072),
  hidden_act: activation("gelu"),
  layer_norm_eps: epsilon(1e-12),
  image_size: area(224),
  patch_size: area(16),
  num_channels: size(3),
  qkv_bias: flag(true),
  decoder_num_attention_heads: heads(16),
  decoder_hidden_size: size(512),
  decoder_num_hidden_layers: layers(8),
  decoder_intermediate_size: size(2048),
  mask_ratio: share(0.75),
  norm_pix_loss: flag(false),
});
type Config = z.output<typeof config>;

/** Which patches are seen, and the way back: the smallest noises stay. */
interface Shuffle {
  /** int64 [B, kept]. */
  kept: Value;
  /** int64 [B, N]: where each patch went. */
  restore: Value;
  /** float32 [B, N]: 1 where a patch was taken away. */
  mask: Value;
}

function shuffled({ op, graph }: Builder, noise: Value, ratio: number): Shuffle {
  const [, count] = noise.shape as [Dim, number];
  const kept = Math.trunc(count * (1 - ratio));
  if (kept < 1) throw new Error(`a mask of ${ratio} leaves none of ${count} patches`);
  const order = (x: Value) => append(graph, "TopK", [x], { k: [count], axis: 1, largest: 0, sorted: 1 })[1] as Value;
  const places = order(noise);
  const restore = order(op.Cast(places, { dtype: "float32" }));
  const isGone = op.GreaterOrEqual(restore, graph.constant([kept], "int64"));
  return {
    kept: op.Slice(places, { starts: [0], ends: [kept], axes: [1] }),
    restore,
    mask: op.Cast(isGone, { dtype: "float32" }),
  };
}

/** Rows of each batch item, by their places. tokens: float32 [B, N, D]; places: int64 [B, M] → [B, M, D]. */
function rowsAt({ op }: Builder, tokens: Value, places: Value): Value {
  const [batch, count] = places.shape as [Dim, number];
  const width = tokens.shape[2] as number;
  const wide = op.Expand(op.Reshape(places, { to: [batch, count, 1] }), { to: [batch, count, width] });
  return op.GatherElements(tokens, wide, { axis: 1 });
}

interface Encoder {
  last: () => Value;
  shuffle: () => Shuffle;
  states: Outputs;
}

function encoder(builder: Builder, config: Config, inputs: Inputs): Encoder {
  const { op } = builder;
  const count = config.num_hidden_layers;
  const shuffle = once(() => shuffled(builder, inputs.need("noise"), config.mask_ratio));
  const embedded = () => {
    const embeddings = scoped(builder, "embeddings");
    const pixels = inputs.need("pixel_values");
    const grid = gridOf(pixels.shape.slice(2), config.patch_size);
    const table = vitPositions(embeddings, config, grid);
    const rows = table.shape[1] as number;
    const cut = (start: number, end: number) => op.Slice(table, { starts: [start], ends: [end], axes: [1] });
    const patches = op.Add(vitPatches(embeddings, config, pixels), cut(1, rows));
    const seen = rowsAt(builder, patches, shuffle().kept);
    const tokens = prependToken(embeddings, "cls_token", seen);
    // The class token's position; the patches have theirs already.
    return op.Add(tokens, op.Pad(cut(0, 1), { pads: [0, 0, 0, 0, seen.shape[1] as number, 0] }));
  };
  const state = layered(embedded, count, (x, i) => vitLayer(scoped(builder, `encoder.layer.${i}`), x, config));
  const last = once(() => layerNorm(builder, "layernorm", state(count), config.layer_norm_eps));
  return { last, shuffle, states: hiddenStates(count, state) };
}

/** The pixels of all patches, from what is left of them. → float32 [B, N, patch²·C]. */
function decoded(builder: Builder, config: Config, latent: Value, { restore }: Shuffle): Value {
  const { op } = builder;
  const width = config.decoder_hidden_size;
  const [batch, count] = restore.shape as [Dim, number];
  const embedded = linear(builder, "decoder_embed", latent, width);
  const seen = embedded.shape[1] as number;
  const token = builder.weight("mask_token", [1, 1, width], { kind: "normal", std: 0.02 });
  const absent = op.Expand(token, { to: [batch, count + 1 - seen, width] });
  const behind = op.Slice(embedded, { starts: [1], ends: [seen], axes: [1] });
  const patches = rowsAt(builder, op.Concat(behind, absent, { axis: 1 }), restore);
  const first = op.Slice(embedded, { starts: [0], ends: [1], axes: [1] });
  let x = op.Add(op.Concat(first, patches, { axis: 1 }), decoderPositions(builder, config, count));
  const layerConfig = {
    ...config,
    num_attention_heads: config.decoder_num_attention_heads,
    intermediate_size: config.decoder_intermediate_size,
  };
  for (let i = 0; i < config.decoder_num_hidden_layers; i++)
    x = vitLayer(scoped(builder, `decoder_layers.${i}`), x, layerConfig);
  const normed = layerNorm(builder, "decoder_norm", x, config.layer_norm_eps);
  const pixels = config.patch_size[0] * config.patch_size[1] * config.num_channels;
  const all = linear(builder, "decoder_pred", normed, pixels);
  return op.Slice(all, { starts: [1], ends: [count + 1], axes: [1] });
}

/** The decoder stretches its positions as one row, whatever the grid: so does transformers. */
function decoderPositions(builder: Builder, config: Config, count: number): Value {
  const { op } = builder;
  const [rows, columns] = gridOf(config.image_size, config.patch_size);
  const shape = [1, 1 + rows * columns, config.decoder_hidden_size];
  const table = builder.weight("decoder_pos_embed", shape, { kind: "normal", std: 0.02 });
  if (count === rows * columns) return table;
  const cut = (start: number, end: number) => op.Slice(table, { starts: [start], ends: [end], axes: [1] });
  const stretched = interpolatePositions(builder, cut(1, shape[1] as number), [1, rows * columns], [1, count]);
  return op.Concat(cut(0, 1), stretched, { axis: 1 });
}

/** The squared error over patches that were taken away; with `norm_pix_loss` of patches that are normalized first. */
function pixelLoss(builder: Builder, config: Config, pixels: Value, logits: Value, mask: Value): Value {
  const { op, constant } = builder;
  const target = config.norm_pix_loss
    ? normalizedPatches(builder, targetOf(builder, config, pixels))
    : targetOf(builder, config, pixels);
  const difference = op.Sub(logits, target);
  const each = op.ReduceMean(op.Mul(difference, difference), { axes: [2], keepdims: 0 });
  const sum = (x: Value) => op.ReduceSum(x, { keepdims: 0 });
  return op.Div(sum(op.Mul(each, mask)), op.Max(sum(mask), constant([1])));
}

/** The pixels of each patch, channels last. → float32 [B, N, patch²·C]. */
function targetOf(builder: Builder, config: Config, pixels: Value): Value {
  const { op } = builder;
  const [height, width] = config.patch_size;
  const channels = config.num_channels;
  const patches = patchesOf(builder, pixels, config.patch_size);
  const [batch, count, all] = patches.shape as [Dim, number, number];
  const apart = op.Reshape(patches, { to: [batch, count, channels, height * width] });
  return op.Reshape(op.Transpose(apart, { perm: [0, 1, 3, 2] }), { to: [batch, count, all] });
}

/** (x − mean) / √(variance + 1e-6) of each patch, with the variance over n − 1. */
function normalizedPatches({ op, constant }: Builder, x: Value): Value {
  const size = x.shape[2] as number;
  const centred = op.Sub(x, op.ReduceMean(x, { axes: [2] }));
  const squares = op.ReduceSum(op.Mul(centred, centred), { axes: [2] });
  const variance = op.Div(squares, constant([Math.max(1, size - 1)]));
  return op.Div(centred, op.Sqrt(op.Add(variance, constant([1e-6]))));
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, shuffle, states } = encoder(builder, config, inputs);
  return {
    last_hidden_state: last,
    mask: () => shuffle().mask,
    ids_restore: () => shuffle().restore,
    ...states,
  };
}

function pretraining({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, shuffle, states } = encoder(scoped(builder, "vit"), config, inputs);
  const logits = once(() => decoded(scoped(builder, "decoder"), config, last(), shuffle()));
  return {
    loss: () => pixelLoss(builder, config, inputs.need("pixel_values"), logits(), shuffle().mask),
    logits,
    mask: () => shuffle().mask,
    ids_restore: () => shuffle().restore,
    ...states,
  };
}

/** Noise decides which patches are seen; transformers draws it where none is given. */
const modelInputs = (read: Config): Record<string, InputSpec> => ({
  ...pictureInputs(read),
  noise: { dtype: "float32", shape: ["B", "N"], doc: "Uniform numbers, one a patch: the smallest are seen." },
});

const names = {
  prefixes: ["vit"],
  renames: [...maeRenames, ...vitModuleNames, ...vitMlpNames],
  modules: laterVitModules,
} as const;

export const vitMae = defineFamily({
  modelTypes: { vit_mae: "ViTMAEModel" },
  classes: {
    ViTMAEModel: architecture({
      picture: (read) => ({ size: read.image_size, patch: read.patch_size }),
      config,
      names,
      inputs: modelInputs,
      forward: model,
    }),
    ViTMAEForPreTraining: architecture({
      picture: (read) => ({ size: read.image_size, patch: read.patch_size }),
      config,
      names,
      inputs: modelInputs,
      forward: pretraining,
    }),
  },
});

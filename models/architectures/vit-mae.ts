/** Masked autoencoders (He et al. 2022): ViTMAEModel, and ViTMAEForPreTraining with its decoder and loss. */
import * as z from "zod";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import {
  maskedPixelLoss,
  normalizedPatches,
  randomMasking,
  type Shuffle,
  tokensAt,
  unshuffled,
} from "../blocks/masking";
import { gridOf, interpolatePositions, pixelPatches } from "../blocks/patches";
import { prependToken } from "../blocks/tokens";
import type { Value } from "../onnx/graph";
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

interface Encoder {
  last: () => Value;
  shuffle: () => Shuffle;
  states: Outputs;
}

function encoder(builder: Builder, config: Config, inputs: Inputs): Encoder {
  const { op } = builder;
  const count = config.num_hidden_layers;
  const shuffle = once(() => randomMasking(builder, inputs.need("noise"), config.mask_ratio));
  const embedded = () => {
    const embeddings = scoped(builder, "embeddings");
    const pixels = inputs.need("pixel_values");
    const grid = gridOf(pixels.shape.slice(2), config.patch_size);
    const table = vitPositions(embeddings, config, grid);
    const rows = table.shape[1] as number;
    const cut = (start: number, end: number) => op.Slice(table, { starts: [start], ends: [end], axes: [1] });
    const patches = op.Add(vitPatches(embeddings, config, pixels), cut(1, rows));
    const seen = tokensAt(builder, patches, shuffle().kept);
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
  const count = restore.shape[1] as number;
  const tokens = unshuffled(builder, "mask_token", linear(builder, "decoder_embed", latent, width), restore);
  let x = op.Add(tokens, decoderPositions(builder, config, count));
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
  const target = pixelPatches(builder, pixels, config.patch_size);
  return maskedPixelLoss(builder, logits, config.norm_pix_loss ? normalizedPatches(builder, target) : target, mask);
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

/** CLIP (Radford et al. 2021): CLIPModel, and its towers alone, with and without their projections. */
import * as z from "zod";
import { causalAttentionMask } from "../blocks/attention";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { contrastiveLoss } from "../blocks/loss";
import { gridOf, interpolateBehindToken, patchEmbedding } from "../blocks/patches";
import { pickTokens, prependToken, tokenAt } from "../blocks/tokens";
import type { Dim, Value } from "../onnx/graph";
import { clipLayer } from "./core/clip-layer";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  type Inputs,
  layered,
  once,
  type Outputs,
  under,
} from "./core/architecture";
import {
  activation,
  area,
  epsilon,
  heads,
  layers,
  nested,
  positions,
  size,
  tokenId,
  towerConfig,
  vocabulary,
  withConfigDicts,
} from "./core/config";
import { cosines, normalized, transposed } from "./core/contrast";
import { pictureInputs, picturesOf, textEmbeddings, textInputs, type Tower, towerOutputs } from "./core/towers";

const textConfig = z.object({
  vocab_size: vocabulary(49408),
  hidden_size: size(512),
  intermediate_size: size(2048),
  projection_dim: size(512),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(8),
  max_position_embeddings: positions(77),
  hidden_act: activation("quick_gelu"),
  layer_norm_eps: epsilon(1e-5),
  eos_token_id: tokenId.default(49407),
});
type TextConfig = z.output<typeof textConfig>;

export const clipVisionConfig = z.object({
  hidden_size: size(768),
  intermediate_size: size(3072),
  projection_dim: size(512),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  num_channels: size(3),
  image_size: area(224),
  patch_size: area(32),
  hidden_act: activation("quick_gelu"),
  layer_norm_eps: epsilon(1e-5),
});
export type ClipVisionConfig = z.output<typeof clipVisionConfig>;

const config = withConfigDicts(
  z.object({
    text_config: nested(textConfig),
    vision_config: nested(clipVisionConfig),
    projection_dim: size(512),
  }),
);
type Config = z.output<typeof config>;

/** CLIP's picture encoder. pixels: float32 [B, C, H, W]. */
export function clipVisionTower(builder: Builder, config: ClipVisionConfig, pixels: () => Value): Tower {
  const { hidden_size: width, layer_norm_eps: eps, num_hidden_layers: count, patch_size: patch } = config;
  const embedded = () => {
    const embeddings = scoped(builder, "embeddings");
    const patches = patchEmbedding(embeddings, "patch_embedding", pixels(), { patch, width, bias: false });
    const tokens = prependToken(embeddings, "class_embedding", patches, { shape: [width] });
    const from = gridOf(config.image_size, patch);
    const rows = 1 + from[0] * from[1];
    const table = embeddings.weight("position_embedding.weight", [rows, width], { kind: "normal", std: 0.02 });
    const learned = builder.op.Reshape(table, { to: [1, rows, width] });
    const placed = interpolateBehindToken(builder, learned, from, gridOf(pixels().shape.slice(2), patch));
    return layerNorm(builder, "pre_layrnorm", builder.op.Add(tokens, placed), eps);
  };
  const state = layered(embedded, count, (x, i) => clipLayer(scoped(builder, `encoder.layers.${i}`), x, config));
  const last = () => state(count);
  const pooled = once(() => layerNorm(builder, "post_layernorm", tokenAt(builder, last(), 0), eps));
  return { last, pooled, states: hiddenStates(count, state) };
}

/** CLIP's text encoder: causal, and pooled at the end token. */
function textTower(builder: Builder, config: TextConfig, inputs: Inputs): Tower {
  const { layer_norm_eps: eps, num_hidden_layers: count } = config;
  const ids = () => inputs.need("input_ids");
  const mask = once(() => {
    const length = ids().shape[1] as Dim;
    return causalAttentionMask(builder, { queries: length, keys: length, padding: inputs.given("attention_mask") });
  });
  const embedded = () => textEmbeddings(scoped(builder, "embeddings"), config, ids(), inputs.given("position_ids"));
  const state = layered(embedded, count, (x, i) =>
    clipLayer(scoped(builder, `encoder.layers.${i}`), x, config, { mask: mask() }),
  );
  const last = once(() => layerNorm(builder, "final_layer_norm", state(count), eps));
  const pooled = once(() => pickTokens(builder, last(), endOf(builder, config, ids())));
  return { last, pooled, states: hiddenStates(count, state) };
}

/**
 * Where each text ends: at the first end token. OpenAI's files call it 2, which it is not: theirs is the token of the
 * largest id.
 */
function endOf({ op, graph }: Builder, { eos_token_id: end }: TextConfig, ids: Value): Value {
  const id = Array.isArray(end) ? end[0] : end;
  if (id === 2 || typeof id !== "number") return op.ArgMax(ids, { axis: 1, keepdims: 0 });
  const isEnd = op.Equal(ids, graph.constant([id], "int64"));
  return op.ArgMax(op.Cast(isEnd, { dtype: "int32" }), { axis: 1, keepdims: 0 });
}

/** What lone towers give, with a projection of what is pooled. */
function projectedOutputs(builder: Builder, tower: Tower, embeds: string, [name, width]: [string, number]): Outputs {
  const project = () => linear(builder, name, tower.pooled(), width, { bias: false });
  return { [embeds]: project, last_hidden_state: tower.last, ...tower.states };
}

const visionOf = (builder: Builder, config: ClipVisionConfig, inputs: Inputs): Tower =>
  clipVisionTower(scoped(builder, "vision_model"), config, () => inputs.need("pixel_values"));
const textOf = (builder: Builder, config: TextConfig, inputs: Inputs): Tower =>
  textTower(scoped(builder, "text_model"), config, inputs);

function bothTowers({ builder, config, inputs, options }: Forward<Config>): Outputs {
  const { op } = builder;
  const project = (name: string, x: Value) => linear(builder, name, x, config.projection_dim, { bias: false });
  const vision = visionOf(builder, config.vision_config, inputs);
  const text = textOf(builder, config.text_config, inputs);
  const image = once(() => project("visual_projection", vision.pooled()));
  const words = once(() => project("text_projection", text.pooled()));
  const imageEmbeds = once(() => normalized(builder, image()));
  const textEmbeds = once(() => normalized(builder, words()));
  const logits = once(() => {
    const scale = op.Exp(builder.weight("logit_scale", [], { kind: "constant", value: 2.6592 }));
    return op.Mul(cosines(builder, textEmbeds(), imageEmbeds()), scale);
  });
  return {
    ...(options.return_loss ? { loss: () => contrastiveLoss(builder, logits()) } : {}),
    logits_per_image: () => transposed(builder, logits()),
    logits_per_text: logits,
    text_embeds: textEmbeds,
    image_embeds: imageEmbeds,
    ...under("text_model_output", { ...towerOutputs(text), pooler_output: words }),
    ...under("vision_model_output", { ...towerOutputs(vision), pooler_output: image }),
  };
}

const visionNames = { prefixes: ["vision_model"], modules: [[/^vision_model\./, ""]] as const };
const textNames = { prefixes: ["text_model"], modules: [[/^text_model\./, ""]] as const };

export const clip = defineFamily({
  modelTypes: { clip: "CLIPModel", clip_vision_model: "CLIPVisionModel", clip_text_model: "CLIPTextModel" },
  classes: {
    CLIPModel: architecture({
      picture: ({ vision_config }) => picturesOf(vision_config, "vision_model_output.", 1),
      config,
      inputs: ({ vision_config }) => ({ ...pictureInputs(vision_config), ...textInputs }),
      forward: bothTowers,
    }),
    CLIPVisionModel: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config: towerConfig("vision_config", clipVisionConfig),
      names: visionNames,
      inputs: pictureInputs,
      forward: ({ builder, config, inputs }) => towerOutputs(visionOf(builder, config, inputs)),
    }),
    CLIPVisionModelWithProjection: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config: towerConfig("vision_config", clipVisionConfig),
      names: visionNames,
      inputs: pictureInputs,
      forward: ({ builder, config, inputs }) =>
        projectedOutputs(builder, visionOf(builder, config, inputs), "image_embeds", [
          "visual_projection",
          config.projection_dim,
        ]),
    }),
    CLIPTextModel: architecture({
      config: towerConfig("text_config", textConfig),
      names: textNames,
      inputs: () => textInputs,
      forward: ({ builder, config, inputs }) => towerOutputs(textOf(builder, config, inputs)),
    }),
    CLIPTextModelWithProjection: architecture({
      config: towerConfig("text_config", textConfig),
      names: textNames,
      inputs: () => textInputs,
      forward: ({ builder, config, inputs }) =>
        projectedOutputs(builder, textOf(builder, config, inputs), "text_embeds", [
          "text_projection",
          config.projection_dim,
        ]),
    }),
  },
});

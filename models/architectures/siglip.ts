/** SigLIP (Zhai et al. 2023): SiglipModel, its towers alone, and its classifier. */
import * as z from "zod";
import { attend, paddingMask, splitHeads } from "../blocks/attention";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { gridOf, interpolatePositions, patchEmbedding } from "../blocks/patches";
import { tokenAt } from "../blocks/tokens";
import type { Dim, Value } from "../onnx/graph";
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
import { classifierOutputs, labelInput } from "./core/classifier";
import { clipFeedForward, clipLayer } from "./core/clip-layer";
import {
  activation,
  area,
  epsilon,
  flag,
  heads,
  labels,
  layers,
  nested,
  positions,
  size,
  towerConfig,
  vocabulary,
} from "./core/config";
import { cosines, normalized, transposed } from "./core/contrast";
import { pictureInputs, picturesOf, textEmbeddings, textInputs, type Tower, towerOutputs } from "./core/towers";

const textConfig = z.object({
  vocab_size: vocabulary(32000),
  hidden_size: size(768),
  intermediate_size: size(3072),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  max_position_embeddings: positions(64),
  hidden_act: activation("gelu_pytorch_tanh"),
  layer_norm_eps: epsilon(1e-6),
  projection_size: z
    .int()
    .min(1)
    .max(2 ** 18)
    .nullish(),
});
type TextConfig = z.output<typeof textConfig>;

/** Texts are filled up to one length, and what fills them is looked at like all else. */
const wordInputs = { ...textInputs, attention_mask: { ...textInputs.attention_mask, isUncommon: true } };

export const siglipVisionConfig = z.object({
  hidden_size: size(768),
  intermediate_size: size(3072),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  num_channels: size(3),
  image_size: area(224),
  patch_size: area(16),
  hidden_act: activation("gelu_pytorch_tanh"),
  layer_norm_eps: epsilon(1e-6),
  vision_use_head: flag(true),
});
export type SiglipVisionConfig = z.output<typeof siglipVisionConfig>;

const config = z.object({ text_config: nested(textConfig), vision_config: nested(siglipVisionConfig) });
const classifierConfig = z.object({ vision_config: nested(siglipVisionConfig), ...labels });

type Config = z.output<typeof config>;
type ClassifierConfig = z.output<typeof classifierConfig>;

/** SigLIP's picture encoder: no class token; `pooled` throws where the model has no head. */
export function siglipVisionTower(builder: Builder, config: SiglipVisionConfig, pixels: () => Value): Tower {
  const { op } = builder;
  const { hidden_size: width, num_hidden_layers: count, patch_size: patch } = config;
  const embedded = () => {
    const embeddings = scoped(builder, "embeddings");
    const patches = patchEmbedding(embeddings, "patch_embedding", pixels(), { patch, width });
    const from = gridOf(config.image_size, patch);
    const rows = from[0] * from[1];
    const table = embeddings.weight("position_embedding.weight", [rows, width], { kind: "normal", std: 0.02 });
    const learned = op.Reshape(table, { to: [1, rows, width] });
    return op.Add(patches, interpolatePositions(builder, learned, from, gridOf(pixels().shape.slice(2), patch)));
  };
  const state = layered(embedded, count, (x, i) => clipLayer(scoped(builder, `encoder.layers.${i}`), x, config));
  const last = once(() => layerNorm(builder, "post_layernorm", state(count), config.layer_norm_eps));
  const pooled = once(() => attentionPool(scoped(builder, "head"), last(), config));
  return { last, pooled, states: hiddenStates(count, state) };
}

/** One learned query attends to all tokens; then norm, MLP and a residual. x: float32 [B, N, D] → [B, D]. */
function attentionPool(builder: Builder, x: Value, config: SiglipVisionConfig): Value {
  const { op } = builder;
  const { num_attention_heads: count, layer_norm_eps: eps } = config;
  const [batch, , width] = x.shape as [Dim, Dim, number];
  const probe = op.Expand(builder.weight("probe", [1, 1, width], { kind: "normal", std: 0.02 }), {
    to: [batch, 1, width],
  });
  const inside = scoped(builder, "attention");
  const weight = inside.weight("in_proj_weight", [3 * width, width], { kind: "normal", std: 0.02 });
  const bias = inside.weight("in_proj_bias", [3 * width], { kind: "zeros" });
  /** The queries', keys' or values' third of the packed layer. */
  const project = (third: number, source: Value) => {
    const range = { starts: [third * width], ends: [(third + 1) * width], axes: [0] };
    const matrix = op.Transpose(op.Slice(weight, range), { perm: [1, 0] });
    return splitHeads(builder, op.Add(op.MatMul(source, matrix), op.Slice(bias, range)), count);
  };
  const heads = [project(0, probe), project(1, x), project(2, x)] as const;
  const mixed = attend(builder, heads, { scale: (width / count) ** -0.5 });
  const out = linear(inside, "out_proj", mixed, width);
  const refined = op.Add(out, clipFeedForward(builder, layerNorm(builder, "layernorm", out, eps), config));
  return tokenAt(builder, refined, 0);
}

/** SigLIP's text encoder: texts of one length see all of it, and are pooled at their last place. */
function textTower(builder: Builder, config: TextConfig, inputs: Inputs): Tower {
  const { num_hidden_layers: count, layer_norm_eps: eps, hidden_size: width } = config;
  const given = inputs.given("attention_mask");
  const mask = given && paddingMask(builder, given);
  const embedded = () =>
    textEmbeddings(scoped(builder, "embeddings"), config, inputs.need("input_ids"), inputs.given("position_ids"));
  const state = layered(embedded, count, (x, i) =>
    clipLayer(scoped(builder, `encoder.layers.${i}`), x, config, { mask }),
  );
  const last = once(() => layerNorm(builder, "final_layer_norm", state(count), eps));
  const pooled = once(() => linear(builder, "head", tokenAt(builder, last(), -1), config.projection_size ?? width));
  return { last, pooled, states: hiddenStates(count, state) };
}

const visionOf = (builder: Builder, config: SiglipVisionConfig, inputs: Inputs): Tower =>
  siglipVisionTower(scoped(builder, "vision_model"), config, () => inputs.need("pixel_values"));
const textOf = (builder: Builder, config: TextConfig, inputs: Inputs): Tower =>
  textTower(scoped(builder, "text_model"), config, inputs);

function visionOutputs(tower: Tower, config: SiglipVisionConfig): Outputs {
  const { pooler_output, ...others } = towerOutputs(tower);
  return config.vision_use_head ? { ...others, pooler_output: tower.pooled } : others;
}

function bothTowers({ builder, config, inputs, options }: Forward<Config>): Outputs {
  const { op } = builder;
  const vision = visionOf(builder, config.vision_config, inputs);
  const text = textOf(builder, config.text_config, inputs);
  const imageEmbeds = once(() => normalized(builder, vision.pooled()));
  const textEmbeds = once(() => normalized(builder, text.pooled()));
  const logits = once(() => {
    const scale = op.Exp(builder.weight("logit_scale", [1], { kind: "constant", value: Math.log(10) }));
    const bias = builder.weight("logit_bias", [1], { kind: "constant", value: -10 });
    return op.Add(op.Mul(cosines(builder, textEmbeds(), imageEmbeds()), scale), bias);
  });
  return {
    ...(options.return_loss ? { loss: () => pairLoss(builder, logits()) } : {}),
    logits_per_image: () => transposed(builder, logits()),
    logits_per_text: logits,
    text_embeds: textEmbeds,
    image_embeds: imageEmbeds,
    ...under("text_model_output", towerOutputs(text)),
    ...under("vision_model_output", visionOutputs(vision, config.vision_config)),
  };
}

/** −Σ log σ(± scores) / B: + where picture and text belong together. logits: float32 [B, B]. */
function pairLoss({ op, constant }: Builder, logits: Value): Value {
  const signs = op.Sub(op.Mul(op.EyeLike(logits), constant([2])), constant([1]));
  const terms = op.Softplus(op.Neg(op.Mul(signs, logits)));
  return op.ReduceMean(op.ReduceSum(terms, { axes: [1], keepdims: 0 }), { keepdims: 0 });
}

/** A linear layer on the mean of all tokens. */
function classifier({ builder, config, inputs }: Forward<ClassifierConfig>): Outputs {
  const tower = visionOf(builder, config.vision_config, inputs);
  const pooled = () => builder.op.ReduceMean(tower.last(), { axes: [1], keepdims: 0 });
  return { ...classifierOutputs(builder, config, inputs, pooled), ...tower.states };
}

const visionNames = { prefixes: ["vision_model"] };

export const siglip = defineFamily({
  modelTypes: {
    siglip: "SiglipModel",
    siglip_vision_model: "SiglipVisionModel",
    siglip_text_model: "SiglipTextModel",
  },
  classes: {
    SiglipModel: architecture({
      picture: ({ vision_config }) => picturesOf(vision_config, "vision_model_output.", 0),
      config,
      inputs: ({ vision_config }) => ({ ...pictureInputs(vision_config), ...wordInputs }),
      forward: bothTowers,
    }),
    SiglipVisionModel: architecture({
      picture: (read) => picturesOf(read, "", 0),
      config: towerConfig("vision_config", siglipVisionConfig),
      names: visionNames,
      inputs: pictureInputs,
      forward: ({ builder, config, inputs }) => visionOutputs(visionOf(builder, config, inputs), config),
    }),
    SiglipTextModel: architecture({
      config: towerConfig("text_config", textConfig),
      names: { prefixes: ["text_model"] },
      inputs: () => wordInputs,
      forward: ({ builder, config, inputs }) => towerOutputs(textOf(builder, config, inputs)),
    }),
    SiglipForImageClassification: architecture({
      picture: ({ vision_config }) => picturesOf(vision_config, "", 0),
      config: classifierConfig,
      inputs: ({ vision_config }) => ({ ...pictureInputs(vision_config), labels: labelInput }),
      forward: classifier,
    }),
  },
});

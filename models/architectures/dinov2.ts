/** DINOv2 (Oquab et al. 2023): Dinov2Model, also with SwiGLU, and its classifier. */
import * as z from "zod";
import { activate } from "../blocks/activation";
import { multiHeadAttention } from "../blocks/attention";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { tokenAt } from "../blocks/tokens";
import { feedForward, residualBlock } from "../blocks/transformer";
import type { Value } from "../onnx/graph";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  type Inputs,
  layered,
  once,
  type Outputs,
} from "./core/architecture";
import { classifierOutputs, labelInput } from "./core/classifier";
import { activation, area, epsilon, flag, heads, labels, layers, size } from "./core/config";
import { pictureInputs, picturesOf, type Tower } from "./core/towers";
import { vitEmbeddings } from "./core/vit-embeddings";
import { laterAttentionModules, vitAttentionNames, vitModuleNames } from "./core/vit-layer";

const config = z.object({
  hidden_size: size(768),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  mlp_ratio: z.number().min(0.01).max(64).default(4),
  hidden_act: activation("gelu"),
  layer_norm_eps: epsilon(1e-6),
  image_size: area(224),
  patch_size: area(14),
  num_channels: size(3),
  qkv_bias: flag(true),
  layerscale_value: z.number().default(1),
  use_swiglu_ffn: flag(false),
  ...labels,
});
type Config = z.output<typeof config>;

/** x += λ₁·attention(LN x); x += λ₂·MLP(LN x). x: float32 [B, N, D]. */
function layer(builder: Builder, x: Value, config: Config): Value {
  const { num_attention_heads: heads, qkv_bias: bias, layer_norm_eps: eps, hidden_size: width } = config;
  const scaled = (name: string, y: Value) => {
    const init = { kind: "constant", value: config.layerscale_value } as const;
    return builder.op.Mul(y, builder.weight(`${name}.lambda1`, [width], init));
  };
  return residualBlock(builder, x, {
    attention(y) {
      const inner = scoped(builder, "attention");
      const normed = layerNorm(builder, "norm1", y, eps);
      return scaled("layer_scale1", multiHeadAttention(inner, normed, { heads, names: vitAttentionNames, bias }));
    },
    feedForward: (y) => scaled("layer_scale2", mlp(builder, layerNorm(builder, "norm2", y, eps), config)),
  });
}

function mlp(root: Builder, x: Value, config: Config): Value {
  const builder = scoped(root, "mlp");
  const hidden = Math.trunc(config.hidden_size * config.mlp_ratio);
  if (config.use_swiglu_ffn) return swiglu(builder, x, config.hidden_size, hidden);
  return feedForward(builder, x, { hidden, activation: config.hidden_act, names: ["fc1", "fc2"] });
}

/** The gate and what it lets through lie in one matrix, two thirds of the MLP's width each, in eights. */
function swiglu(builder: Builder, x: Value, width: number, full: number): Value {
  const { op } = builder;
  const hidden = Math.floor((Math.trunc((full * 2) / 3) + 7) / 8) * 8;
  const both = linear(builder, "weights_in", x, 2 * hidden);
  const half = (i: number) => op.Slice(both, { starts: [i * hidden], ends: [(i + 1) * hidden], axes: [-1] });
  return linear(builder, "weights_out", op.Mul(activate(builder, "silu", half(0)), half(1)), width);
}

function tower(builder: Builder, config: Config, inputs: Inputs): Tower {
  const count = config.num_hidden_layers;
  const masked = inputs.given("bool_masked_pos");
  const state = layered(
    () => vitEmbeddings(builder, config, inputs.need("pixel_values"), { masked, maskShape: [1, config.hidden_size] }),
    count,
    (x, i) => layer(scoped(builder, `encoder.layer.${i}`), x, config),
  );
  const last = once(() => layerNorm(builder, "layernorm", state(count), config.layer_norm_eps));
  return { last, pooled: () => tokenAt(builder, last(), 0), states: hiddenStates(count, state) };
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, pooled, states } = tower(builder, config, inputs);
  return { last_hidden_state: last, pooler_output: pooled, ...states };
}

/** A linear layer on the class token and the mean of the patches. */
function classifier({ builder, config, inputs }: Forward<Config>): Outputs {
  const { op } = builder;
  const { last, pooled, states } = tower(scoped(builder, "dinov2"), config, inputs);
  const both = () => {
    const patches = op.Slice(last(), { starts: [1], ends: [Number.MAX_SAFE_INTEGER], axes: [1] });
    return op.Concat(pooled(), op.ReduceMean(patches, { axes: [1], keepdims: 0 }), { axis: 1 });
  };
  return { ...classifierOutputs(builder, config, inputs, both), ...states };
}

const names = { modules: laterAttentionModules, renames: vitModuleNames, prefixes: ["dinov2"] };

export const dinov2 = defineFamily({
  modelTypes: { dinov2: "Dinov2Model" },
  classes: {
    Dinov2Model: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config,
      names,
      inputs: (read) => ({
        ...pictureInputs(read),
        bool_masked_pos: { dtype: "bool", shape: ["B", "N"], optional: true },
      }),
      forward: model,
    }),
    Dinov2ForImageClassification: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config,
      names,
      inputs: (read) => ({ ...pictureInputs(read), labels: labelInput }),
      forward: classifier,
    }),
  },
});

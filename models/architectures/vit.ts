/** ViT (Dosovitskiy et al. 2021): ViTModel and its classifier. */
import * as z from "zod";
import { activate } from "../blocks/activation";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { tokenAt } from "../blocks/tokens";
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
  pooler_output_size: z
    .int()
    .min(1)
    .max(2 ** 18)
    .nullish(),
  pooler_act: activation("tanh"),
  ...labels,
});
type Config = z.output<typeof config>;

function tower(builder: Builder, config: Config, inputs: Inputs): Tower {
  const { num_hidden_layers: count, hidden_size: width } = config;
  const masked = inputs.given("bool_masked_pos");
  const state = layered(
    () => vitEmbeddings(builder, config, inputs.need("pixel_values"), { masked }),
    count,
    (x, i) => vitLayer(scoped(builder, `encoder.layer.${i}`), x, config),
  );
  const last = once(() => layerNorm(builder, "layernorm", state(count), config.layer_norm_eps));
  const pooled = once(() => {
    const dense = linear(builder, "pooler.dense", tokenAt(builder, last(), 0), config.pooler_output_size ?? width);
    return activate(builder, config.pooler_act, dense);
  });
  return { last, pooled, states: hiddenStates(count, state) };
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, pooled, states } = tower(builder, config, inputs);
  return { last_hidden_state: last, pooler_output: pooled, ...states };
}

function classifier({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, states } = tower(scoped(builder, "vit"), config, inputs);
  return { ...classifierOutputs(builder, config, inputs, () => tokenAt(builder, last(), 0)), ...states };
}

const names = { modules: laterVitModules, renames: [...vitModuleNames, ...vitMlpNames], prefixes: ["vit"] };

export const vit = defineFamily({
  modelTypes: { vit: "ViTModel" },
  classes: {
    ViTModel: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config,
      names,
      inputs: (read) => ({
        ...pictureInputs(read),
        bool_masked_pos: { dtype: "bool", shape: ["B", "N"], optional: true },
      }),
      forward: model,
    }),
    ViTForImageClassification: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config,
      names,
      inputs: (read) => ({ ...pictureInputs(read), labels: labelInput }),
      forward: classifier,
    }),
  },
});

/** The encoder layers of ViT, as ViLT and masked autoencoders have them too. */
import type { ActivationName } from "../../blocks/activation";
import { multiHeadAttention } from "../../blocks/attention";
import { type Builder, layerNorm, scoped } from "../../blocks/builder";
import { feedForward, residualBlock } from "../../blocks/transformer";
import type { Value } from "../../onnx/graph";
import type { NameRules } from "./names";

export interface VitLayerConfig {
  num_attention_heads: number;
  intermediate_size: number;
  hidden_act: ActivationName;
  layer_norm_eps: number;
  qkv_bias: boolean;
}

export const vitAttentionNames = {
  query: "attention.query",
  key: "attention.key",
  value: "attention.value",
  out: "output.dense",
};

/** x += attention(LN x); x += MLP(LN x). x: float32 [B, N, D]. */
export function vitLayer(builder: Builder, x: Value, config: VitLayerConfig, mask?: Value): Value {
  const { num_attention_heads: heads, qkv_bias: bias, layer_norm_eps: eps } = config;
  return residualBlock(builder, x, {
    attention: (y) =>
      multiHeadAttention(scoped(builder, "attention"), layerNorm(builder, "layernorm_before", y, eps), {
        heads,
        names: vitAttentionNames,
        bias,
        mask,
      }),
    feedForward: (y) =>
      feedForward(builder, layerNorm(builder, "layernorm_after", y, eps), {
        hidden: config.intermediate_size,
        activation: config.hidden_act,
        names: ["intermediate.dense", "output.dense"],
      }),
  });
}

/** The names of transformers 5's modules, which some trainers write, as those of the hub. */
export const vitModuleNames: NonNullable<NameRules["renames"]> = [
  [/(^|\.)layers\.(\d+)\.(?=attention\.|layernorm_|mlp\.)/, "$1encoder.layer.$2."],
  [/\.attention\.q_proj\./, ".attention.attention.query."],
  [/\.attention\.k_proj\./, ".attention.attention.key."],
  [/\.attention\.v_proj\./, ".attention.attention.value."],
  [/\.attention\.o_proj\./, ".attention.output.dense."],
];

/** The same for its MLP, which DINOv2's files call as transformers 5 does. */
export const vitMlpNames: NonNullable<NameRules["renames"]> = [
  [/\.mlp\.fc1\./, ".intermediate.dense."],
  [/\.mlp\.fc2\./, ".output.dense."],
];

/** The other way: what transformers 5 calls the modules of a layer's attention, as adapters on them do. */
export const laterAttentionModules: NonNullable<NameRules["modules"]> = [
  [/\.attention\.attention\.query$/, ".attention.q_proj"],
  [/\.attention\.attention\.key$/, ".attention.k_proj"],
  [/\.attention\.attention\.value$/, ".attention.v_proj"],
  [/\.attention\.output\.dense$/, ".attention.o_proj"],
];

/** The same for ViT's whole layers. */
export const laterVitModules: NonNullable<NameRules["modules"]> = [
  [/(^|\.)encoder\.layer\.(\d+)\./, "$1layers.$2."],
  ...laterAttentionModules,
  [/\.intermediate\.dense$/, ".mlp.fc1"],
  [/(layers\.\d+)\.output\.dense$/, "$1.mlp.fc2"],
];

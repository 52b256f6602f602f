/** The encoder layers of CLIP, as SigLIP and others have them too. */
import type { ActivationName } from "../../blocks/activation";
import { multiHeadAttention } from "../../blocks/attention";
import { type Builder, layerNorm, scoped } from "../../blocks/builder";
import { feedForward, residualBlock } from "../../blocks/transformer";
import type { Value } from "../../onnx/graph";

export interface ClipLayerConfig {
  num_attention_heads: number;
  intermediate_size: number;
  hidden_act: ActivationName;
  layer_norm_eps: number;
}

export const clipAttentionNames = { query: "q_proj", key: "k_proj", value: "v_proj", out: "out_proj" };

/** x += attention(LN₁ x); x += MLP(LN₂ x). x: float32 [B, N, D]; the attention may be another one than CLIP's. */
export function clipLayer(
  builder: Builder,
  x: Value,
  config: ClipLayerConfig,
  { mask, attention = clipAttention }: { mask?: Value; attention?: typeof clipAttention } = {},
): Value {
  const epsilon = config.layer_norm_eps;
  return residualBlock(builder, x, {
    attention: (y) =>
      attention(scoped(builder, "self_attn"), layerNorm(builder, "layer_norm1", y, epsilon), config, mask),
    feedForward: (y) => clipFeedForward(builder, layerNorm(builder, "layer_norm2", y, epsilon), config),
  });
}

function clipAttention(builder: Builder, x: Value, config: ClipLayerConfig, mask?: Value): Value {
  return multiHeadAttention(builder, x, { heads: config.num_attention_heads, names: clipAttentionNames, mask });
}

export function clipFeedForward(builder: Builder, x: Value, config: ClipLayerConfig): Value {
  return feedForward(scoped(builder, "mlp"), x, {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    names: ["fc1", "fc2"],
  });
}

import type { Init, Value } from "../onnx/graph";
import { type Builder, layerNorm, linear, scoped } from "./builder";

export type Activation = "quick_gelu" | "gelu" | "gelu_tanh" | "relu";
export const activations = ["quick_gelu", "gelu", "gelu_tanh", "relu"] as const;

/** CLIP's own is quick_gelu, x·σ(1.702x); gelu is the exact one of BERT and ViT. */
export function activate({ op }: Builder, kind: Activation, x: Value): Value {
  if (kind === "quick_gelu") return op.Swish(x, { alpha: 1.702 });
  if (kind === "relu") return op.Relu(x);
  return op.Gelu(x, { approximate: kind === "gelu_tanh" ? "tanh" : "none" });
}

export interface BlockSpec {
  heads: number;
  /** Width of the feed-forward layer as a multiple of D. */
  mlpRatio: number;
  activation: Activation;
  epsilon?: number;
  /** Initial weights; library defaults where absent. */
  init?: { qkv?: Init; out?: Init; fc?: Init; proj?: Init };
}

/**
 * Multi-head self-attention: softmax(QKᵀ/√d + mask)·V with one fused input projection (Vaswani et al. 2017; CLIP's
 * in_proj). x: float32 [B, N, D]; mask: added to the logits, broadcast to [B, heads, N, N] → [B, N, D].
 */
export function selfAttention(builder: Builder, x: Value, { heads, init = {} }: BlockSpec, mask?: Value): Value {
  const { op, constant } = builder;
  const [batch, length, width] = x.shape as [number, number, number];
  const d = width / heads;
  if (!Number.isInteger(d)) throw new Error(`the width ${width} is not divisible by ${heads} heads`);
  const qkv = op.Reshape(linear(builder, "qkv", x, 3 * width, { init: init.qkv }), {
    to: [batch, length, 3, heads, d],
  });
  // One transpose for all three, [3, B, heads, N, d]; then each is a contiguous third.
  const split = op.Transpose(qkv, { perm: [2, 0, 3, 1, 4] });
  const third = (i: number) =>
    op.Reshape(op.Slice(split, { starts: [i], ends: [i + 1], axes: [0] }), { to: [batch, heads, length, d] });
  const q = op.Mul(third(0), constant([d ** -0.5]));
  const k = op.Transpose(third(1), { perm: [0, 1, 3, 2] });
  const logits = op.MatMul(q, k);
  const weights = op.Softmax(mask ? op.Add(logits, mask) : logits, { axis: -1 });
  const joined = op.Reshape(op.Transpose(op.MatMul(weights, third(2)), { perm: [0, 2, 1, 3] }), {
    to: [batch, length, width],
  });
  return linear(builder, "out", joined, width, { init: init.out });
}

/** A pre-norm block: x += MHA(LN₁ x); x += MLP(LN₂ x). float32 [B, N, D] → the same. */
export function transformerBlock(builder: Builder, x: Value, spec: BlockSpec, mask?: Value): Value {
  const width = x.shape[2] as number;
  const { init = {}, epsilon } = spec;
  const attended = builder.op.Add(
    x,
    selfAttention(scoped(builder, "attn"), layerNorm(builder, "ln_1", x, epsilon), spec, mask),
  );
  const mlp = scoped(builder, "mlp");
  const hidden = linear(mlp, "c_fc", layerNorm(builder, "ln_2", attended, epsilon), width * spec.mlpRatio, {
    init: init.fc,
  });
  return builder.op.Add(
    attended,
    linear(mlp, "c_proj", activate(builder, spec.activation, hidden), width, { init: init.proj }),
  );
}

/** A stack of blocks, each under `blocks.i`. */
export function transformer(builder: Builder, x: Value, layers: number, spec: BlockSpec, mask?: Value): Value {
  for (let i = 0; i < layers; i++) x = transformerBlock(scoped(builder, `blocks.${i}`), x, spec, mask);
  return x;
}

/** −∞ strictly above the diagonal, 0 elsewhere: [1, 1, N, N]. Large and finite, so that no row is ever all −∞. */
export function causalMask({ constant }: Builder, length: number): Value {
  return constant(
    Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)),
    [1, 1, length, length],
  );
}

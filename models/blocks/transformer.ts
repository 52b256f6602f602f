import type { Init, Value } from "../onnx/graph";
import { type ActivationName, activate } from "./activation";
import { attend, widthOfHeads } from "./attention";
import { type Builder, layerNorm, linear, scoped } from "./builder";

export interface BlockSpec {
  heads: number;
  /** Width of the feed-forward layer as a multiple of D. */
  mlpRatio: number;
  activation: ActivationName;
  epsilon?: number;
  /** Initial weights; library defaults where absent. */
  init?: { qkv?: Init; out?: Init; fc?: Init; proj?: Init };
}

export interface FusedAttentionSpec {
  heads: number;
  init?: BlockSpec["init"];
  /** What its two linear layers are called. */
  names?: readonly [packed: string, out: string];
  /** Whether the first one has a bias. */
  bias?: boolean;
}

/**
 * Multi-head self-attention: softmax(QKᵀ/√d + mask)·V with one fused input projection (Vaswani et al. 2017; CLIP's
 * in_proj). x: float32 [B, N, D]; mask: added to the logits, broadcast to [B, heads, N, N] → [B, N, D].
 */
export function selfAttention(builder: Builder, x: Value, spec: FusedAttentionSpec, mask?: Value): Value {
  const { op } = builder;
  const { heads, init = {}, names: [packed, out] = ["qkv", "out"], bias = true } = spec;
  const [batch, length, width] = x.shape as [number, number, number];
  const d = widthOfHeads(width, heads);
  const qkv = op.Reshape(linear(builder, packed, x, 3 * width, { init: init.qkv, bias }), {
    to: [batch, length, 3, heads, d],
  });
  // One transpose for all three, [3, B, heads, N, d]; then each is a contiguous third.
  const split = op.Transpose(qkv, { perm: [2, 0, 3, 1, 4] });
  const third = (i: number) =>
    op.Reshape(op.Slice(split, { starts: [i], ends: [i + 1], axes: [0] }), { to: [batch, heads, length, d] });
  const joined = attend(builder, [third(0), third(1), third(2)], { scale: d ** -0.5, mask });
  return linear(builder, out, joined, width, { init: init.out });
}

/** A pre-norm block: x += MHA(LN₁ x); x += MLP(LN₂ x). float32 [B, N, D] → the same. */
export function transformerBlock(builder: Builder, x: Value, spec: BlockSpec, mask?: Value): Value {
  const { init = {}, epsilon, activation } = spec;
  const hidden = (x.shape[2] as number) * spec.mlpRatio;
  return residualBlock(builder, x, {
    attention: (y) => selfAttention(scoped(builder, "attn"), layerNorm(builder, "ln_1", y, epsilon), spec, mask),
    feedForward: (y) =>
      feedForward(scoped(builder, "mlp"), layerNorm(builder, "ln_2", y, epsilon), {
        hidden,
        activation,
        names: ["c_fc", "c_proj"],
        init: [init.fc, init.proj],
      }),
  });
}

/** x += attention(x); x += feedForward(x). Each norms its input by itself. float32 [B, N, D] → the same. */
export function residualBlock(
  { op }: Builder,
  x: Value,
  parts: { attention(x: Value): Value; feedForward(x: Value): Value },
): Value {
  const attended = op.Add(x, parts.attention(x));
  return op.Add(attended, parts.feedForward(attended));
}

export interface FeedForwardSpec {
  /** The width between its two linear layers. */
  hidden: number;
  activation: ActivationName;
  /** What the two are called. */
  names: readonly [wide: string, narrow: string];
  init?: readonly (Init | undefined)[];
}

/** Two linear layers with an activation between. x: float32 [..., D] → the same. */
export function feedForward(builder: Builder, x: Value, spec: FeedForwardSpec): Value {
  const [wide, narrow] = spec.names;
  const [first, last] = spec.init ?? [];
  const inner = activate(builder, spec.activation, linear(builder, wide, x, spec.hidden, { init: first }));
  return linear(builder, narrow, inner, x.shape.at(-1) as number, { init: last });
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

/**
 * The vision transformer as timm has it, and with it ViLT, ALBEF, BLIP, MAE and VLMo: fused attention with biases,
 * pre-norm with ε 1e-6, exact GELU, parameters named as in their checkpoints.
 */
import type { Dim, Value } from "../onnx/graph";
import type { ActivationName } from "./activation";
import { type Builder, layerNorm, normal, scoped } from "./builder";
import { gridOf, type Grid, interpolateBehindToken, patchEmbedding, withoutRest } from "./patches";
import { prependToken } from "./tokens";
import { feedForward, residualBlock, selfAttention } from "./transformer";

/** The ε of its norms. */
export const timmEpsilon = 1e-6;

export interface TimmVitSpec {
  width: number;
  layers: number;
  heads: number;
  patch: number;
  /** Width of the feed-forward layer as a multiple of the width. */
  mlpRatio: number;
  /** Whether queries, keys and values have a bias; so they do where absent. */
  qkvBias?: boolean;
  /** Of the feed-forward layers; exact GELU where it is absent. */
  activation?: ActivationName;
  /** Of the norms; that of timm where it is absent. */
  epsilon?: number;
  /** The grid that positions were learned on; that of the pictures where it is absent. */
  grid?: Grid;
}

type TimmBlockSpec = Pick<TimmVitSpec, "heads" | "mlpRatio" | "qkvBias" | "activation" | "epsilon">;

/** x += attention(norm1 x); x += mlp(norm2 x). x: float32 [B, N, D]; mask: added to the scores. */
export function timmBlock(
  builder: Builder,
  x: Value,
  { heads, mlpRatio, qkvBias: bias, activation = "gelu", epsilon = timmEpsilon }: TimmBlockSpec,
  mask?: Value,
): Value {
  const within: Builder = { ...builder, linearLayout: "out-in" };
  const hidden = (x.shape[2] as number) * mlpRatio;
  return residualBlock(within, x, {
    attention: (y) => {
      const normed = layerNorm(within, "norm1", y, epsilon);
      return selfAttention(scoped(within, "attn"), normed, { heads, bias, names: ["qkv", "proj"] }, mask);
    },
    feedForward: (y) =>
      feedForward(scoped(within, "mlp"), layerNorm(within, "norm2", y, epsilon), {
        hidden,
        activation,
        names: ["fc1", "fc2"],
      }),
  });
}

/** Blocks one after the other, each under `blocks.i`. */
export function timmBlocks(builder: Builder, x: Value, spec: TimmBlockSpec & Pick<TimmVitSpec, "layers">): Value {
  for (let i = 0; i < spec.layers; i++) x = timmBlock(scoped(builder, `blocks.${i}`), x, spec);
  return x;
}

/** Patches behind a class token, with positions. pixels: float32 [B, 3, H, W] → [B, 1 + N, D]. */
export function timmEmbeddings(builder: Builder, pixels: Value, { width, patch, grid }: TimmVitSpec): Value {
  const size: readonly [number, number] = [patch, patch];
  const own = gridOf(pixels.shape.slice(2) as Dim[], size);
  if (!grid) builder.graph.limit(withoutRest(pixels.shape.slice(2) as [number, number], size));
  const from = grid ?? own;
  const patches = patchEmbedding(builder, "patch_embed.proj", pixels, { patch: size, width });
  const tokens = prependToken(builder, "cls_token", patches);
  const learned = builder.weight("pos_embed", [1, 1 + from[0] * from[1], width], normal(0.02));
  return builder.op.Add(tokens, interpolateBehindToken(builder, learned, from, own));
}

/** All tokens behind the last norm. pixels: float32 [B, 3, H, W] → [B, 1 + N, D]. */
export function timmVit(builder: Builder, pixels: Value, spec: TimmVitSpec): Value {
  const tokens = timmBlocks(builder, timmEmbeddings(builder, pixels, spec), spec);
  return layerNorm(builder, "norm", tokens, spec.epsilon ?? timmEpsilon);
}

/** Random masking of patches, and the way back (He et al. 2022, §3; models_mae.py). */
import { append } from "../onnx/ops/index";
import type { Dim, Value } from "../onnx/graph";
import type { Builder } from "./builder";

/** Which patches are seen, and the way back: the smallest noises stay. */
export interface Shuffle {
  /** int64 [B, kept], in the order of their noise. */
  kept: Value;
  /** int64 [B, N]: where each patch went. */
  restore: Value;
  /** float32 [B, N]: 1 where a patch was taken away. */
  mask: Value;
}

/** noise: float32 [B, N], one number a patch; of N patches int(N·(1 − ratio)) are kept. */
export function randomMasking({ op, graph }: Builder, noise: Value, ratio: number): Shuffle {
  const [, count] = noise.shape as [Dim, number];
  const kept = Math.trunc(count * (1 - ratio));
  if (kept === count)
    throw Object.assign(
      new Error(`a mask of ${ratio} takes none of ${count} patches away, so that nothing is left to learn`),
      {
        hint: `Hide at least one of them: a ratio above 0, of ${count} patches.`,
      },
    );
  if (kept < 1) throw new Error(`a mask of ${ratio} leaves none of ${count} patches`);
  const order = (x: Value) => append(graph, "TopK", [x], { k: [count], axis: 1, largest: 0, sorted: 1 })[1] as Value;
  const places = order(noise);
  const restore = order(op.Cast(places, { dtype: "float32" }));
  const isGone = op.GreaterOrEqual(restore, graph.constant([kept], "int64"));
  return {
    kept: op.Slice(places, { starts: [0], ends: [kept], axes: [1] }),
    restore,
    mask: op.Cast(isGone, { dtype: "float32" }),
  };
}

/** Tokens of each row by their places. tokens: float32 [B, N, D]; places: int64 [B, M] → [B, M, D]. */
export function tokensAt({ op }: Builder, tokens: Value, places: Value): Value {
  const [batch, count] = places.shape as [Dim, number];
  const width = tokens.shape[2] as number;
  const wide = op.Expand(op.Reshape(places, { to: [batch, count, 1] }), { to: [batch, count, width] });
  return op.GatherElements(tokens, wide, { axis: 1 });
}

/**
 * Tokens of the patches that were seen, with a learned token in the place of each that was not, in the order of the
 * picture. seen: float32 [B, 1 + kept, D], the class token first; restore: int64 [B, N] → [B, 1 + N, D].
 */
export function unshuffled(builder: Builder, name: string, seen: Value, restore: Value): Value {
  const { op } = builder;
  const [batch, count] = restore.shape as [Dim, number];
  const [, length, width] = seen.shape as [Dim, number, number];
  const token = builder.weight(name, [1, 1, width], { kind: "normal", std: 0.02 });
  const absent = op.Expand(token, { to: [batch, count + 1 - length, width] });
  const behind = op.Slice(seen, { starts: [1], ends: [length], axes: [1] });
  const patches = tokensAt(builder, op.Concat(behind, absent, { axis: 1 }), restore);
  return op.Concat(op.Slice(seen, { starts: [0], ends: [1], axes: [1] }), patches, { axis: 1 });
}

/** (x − mean) / √(variance + 1e-6) of each patch, with the variance over n − 1. float32 [B, N, n] → the same. */
export function normalizedPatches(builder: Builder, x: Value): Value {
  const { mean, deviation } = patchMoments(builder, x);
  return builder.op.Div(builder.op.Sub(x, mean), deviation);
}

/** The mean of each patch, and √(variance + 1e-6), with the variance over n − 1; both float32 [B, N, 1]. */
export function patchMoments({ op, constant }: Builder, x: Value): { mean: Value; deviation: Value } {
  const size = x.shape[2] as number;
  const mean = op.ReduceMean(x, { axes: [2] });
  const centred = op.Sub(x, mean);
  const squares = op.ReduceSum(op.Mul(centred, centred), { axes: [2] });
  const variance = op.Div(squares, constant([Math.max(1, size - 1)]));
  return { mean, deviation: op.Sqrt(op.Add(variance, constant([1e-6]))) };
}

/** The mean squared error over patches that were taken away. wanted, got: float32 [B, N, n]; mask: float32 [B, N]. */
export function maskedPixelLoss({ op, constant }: Builder, got: Value, wanted: Value, mask: Value): Value {
  const difference = op.Sub(got, wanted);
  const each = op.ReduceMean(op.Mul(difference, difference), { axes: [2], keepdims: 0 });
  const sum = (x: Value) => op.ReduceSum(x, { keepdims: 0 });
  return op.Div(sum(op.Mul(each, mask)), op.Max(sum(mask), constant([1])));
}

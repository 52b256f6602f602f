/** Features of tiles, moved into sequences by one Gather, as models/pictures/packing.ts lays them out. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import type { Builder } from "./builder";

export interface PackedSpec {
  /** int64 [B, F, K]: of which K features each token is the sum; behind the last one lies the end of a row. */
  index: Value;
  /** float32 [B, F, K]; without it K is 1. */
  weights?: Value;
  /** The learned end of a row, float32 [D]. */
  end?: Value;
}

/** features: float32 [tiles, N, D] → [B, F, D]. */
export function packFeatures({ op }: Builder, features: Value, { index, weights, end }: PackedSpec): Value {
  const [tiles, count, width] = features.shape as [Dim, Dim, number];
  const flat = op.Reshape(features, { to: [multiplyDims(tiles, count), width] });
  const table = end ? op.Concat(flat, op.Reshape(end, { to: [1, width] }), { axis: 0 }) : flat;
  const [rows, places, parts] = index.shape as [Dim, Dim, Dim];
  const gathered = op.Gather(table, index, { axis: 0 });
  if (!weights) return op.Reshape(gathered, { to: [rows, places, width] });
  const shares = op.Reshape(weights, { to: [rows, places, parts, 1] });
  return op.ReduceSum(op.Mul(gathered, shares), { axes: [2], keepdims: 0 });
}

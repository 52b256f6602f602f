/** Orders that follow from draws. */
import type { Dim, Value } from "../onnx/graph";
import { placesOf } from "./attention";
import type { Builder } from "./builder";

/**
 * How many rows have a smaller draw, or an equal one and come before: a permutation of 0, 1, …, drawn evenly where the
 * draws are. draws: float32 [B] → int64 [B].
 */
export function ranksOf(builder: Builder, draws: Value): Value {
  const { op } = builder;
  const [rows] = draws.shape as [Dim];
  const places = placesOf(builder, rows);
  const asColumn = (value: Value) => op.Reshape(value, { to: [rows, 1] });
  const isSmaller = op.Less(draws, asColumn(draws));
  const isEqualBefore = op.And(op.Equal(draws, asColumn(draws)), op.Less(places, asColumn(places)));
  const counted = op.Cast(op.Or(isSmaller, isEqualBefore), { dtype: "int64" });
  return op.ReduceSum(counted, { axes: [1], keepdims: 0 });
}

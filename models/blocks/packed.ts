/** Features of tiles, moved into sequences by one Gather, as models/pictures/packing.ts lays them out. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import { newline, type Packing } from "../pictures/packing";
import type { Builder } from "./builder";

/**
 * Every row packed alike, by an index that is known while the graph is built. features: float32 [R, tiles, N, D]; end:
 * float32 [D] → [R, tokens, D].
 */
export function packAlike(
  builder: Builder,
  features: Value,
  { tokens, index, weights, isPlain }: Packing,
  end: Value,
): Value {
  const { op, graph } = builder;
  const [rows, tiles, count, width] = features.shape as [Dim, Dim, Dim, number];
  const total = multiplyDims(tiles, count);
  if (typeof total !== "number") throw new Error(`it must be known how many tiles there are, and there are ${tiles}`);
  const flat = op.Reshape(features, { to: [rows, total, width] });
  const table = op.Concat(flat, op.Expand(end, { to: [rows, 1, width] }), { axis: 1 });
  const places = Array.from(index, (place) => (place < 0 ? total : place));
  if (isPlain) {
    const firsts = places.filter((_, i) => i % 4 === 0);
    return op.Gather(table, graph.constant(firsts, "int64", [tokens]), { axis: 1 });
  }
  const gathered = op.Gather(table, graph.constant(places, "int64", [tokens, 4]), { axis: 1 });
  const shares = builder.constant([...weights], [1, tokens, 4, 1]);
  return op.ReduceSum(op.Mul(gathered, shares), { axes: [2], keepdims: 0 });
}

/**
 * Rows packed each in its own way, by an index that comes with the data. features: float32 [P, T, D] of the tiles of
 * all rows; end: float32 [D]; layout.counts: int64 [N], the tiles of each row; layout.index: int64 [N, V, K] of the
 * row's own features, −1 for the end, less for nothing; layout.shares: float32 [N, V, K] → [N, V, D].
 */
export function packRows(
  builder: Builder,
  features: Value,
  { counts, index, shares }: { counts: Value; index: Value; shares: Value },
  end: Value,
): Value {
  const { op, graph } = builder;
  const [tiles, count, width] = features.shape as [Dim, number, number];
  const [rows, places, parts] = index.shape as [Dim, Dim, Dim];
  const integer = (value: number) => graph.constant([value], "int64");
  // Two places before all features: the end of a row, and nothing.
  const first = op.Concat(op.Reshape(end, { to: [1, width] }), builder.constant(Array(width).fill(0), [1, width]), {
    axis: 0,
  });
  const flat = op.Reshape(features, { to: [multiplyDims(tiles, count), width] });
  const table = op.Concat(first, flat, { axis: 0 });
  const starts = op.Mul(op.CumSum(counts, { along: 0, exclusive: 1 }), integer(count));
  const own = op.Add(op.Add(index, integer(2)), op.Reshape(starts, { to: [rows, 1, 1] }));
  const other = op.Where(op.Equal(index, integer(newline)), integer(0), integer(1));
  const gathered = op.Gather(table, op.Where(op.Less(index, integer(0)), other, own), { axis: 0 });
  if (parts === 1) return op.Reshape(gathered, { to: [rows, places, width] });
  return op.ReduceSum(op.Mul(gathered, op.Reshape(shares, { to: [rows, places, parts, 1] })), {
    axes: [2],
    keepdims: 0,
  });
}

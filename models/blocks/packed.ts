/** Features of tiles, moved into sequences by one Gather, as models/pictures/packing.ts lays them out. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import type { Packing } from "../pictures/packing";
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

import type { Dim, Graph, Value } from "./graph";
import { opsOf } from "./ops/index";

interface Positions {
  batch: Dim;
  /** How many are new. */
  length: Dim;
  /** How many places there are for those that were kept. */
  kept: Dim;
  /** How many each row has, less one, the new ones counted: int32 [B]. */
  last: Value;
  /** A position sees so many, itself the last of them; all before it where absent. */
  window?: number;
}

/** Which kept and new places each new one sees: bool [B, S, P + S]. */
export function visiblePlaces(graph: Graph, { batch, length, kept, last, ...rest }: Positions): Value {
  const op = opsOf(graph);
  const integers = (list: readonly number[]) => graph.constant(list, "int64", [list.length]);
  const ones = (count: Dim) => op.Expand(integers([1]), { to: [count] });
  const counted = (count: Dim) => op.CumSum(ones(count), { along: 0, exclusive: 1 });
  const window = integers([rest.window ?? Number.MAX_SAFE_INTEGER]);
  const from = op.Reshape(counted(length), { to: [1, length, 1] });
  // How many places of each row were kept: all that it has but the new ones.
  const all = op.Add(op.Cast(last, { dtype: "int64" }), integers([1]));
  const before = op.Reshape(op.Sub(all, op.ReduceSum(ones(length), { axes: [0] })), { to: [batch, 1, 1] });
  const sees = (isThere: Value, distance: Value, count: Dim) =>
    op.Expand(op.And(isThere, op.Less(distance, window)), { to: [batch, length, count] });
  const old = op.Reshape(counted(kept), { to: [1, 1, "*"] }); // there may be none
  const fresh = op.Reshape(counted(length), { to: [1, 1, length] });
  return op.Concat(
    sees(op.Less(old, before), op.Sub(op.Add(before, from), old), kept),
    sees(op.LessOrEqual(fresh, from), op.Sub(from, fresh), length),
    { axis: 2 },
  );
}

import { addDims } from "../dim";
import type { Attrs, Dim, Graph, Value } from "../graph";
import { append, opsOf } from "../ops/index";
import { rewrite } from "../rewrite";

/**
 * Attention of one new position of each row reads what was kept where it lies, see ../one-position.ts. What such a
 * position sees is told to the op here, as what is added to its scores: float32 [B, 1, 1, P + 1], once for all layers
 * that see as much. The runtime's op copies all that was kept, and the room behind it, before it reads it: with eight
 * rows or a thousand positions that takes two to four times as long. Only for a model that runs on the CPU: elsewhere a
 * branch has its values travel.
 */
export function onePosition(graph: Graph): Graph {
  const masks = new Map<string, Value>();
  return rewrite(graph, {
    visit({ op: name, attrs }, inputs, target) {
      if (name !== "GroupQueryAttention") return undefined;
      const [, , , keys, , lengths] = inputs as [Value, Value, Value, Value, Value, Value];
      const window = attrs.local_window_size as number | undefined;
      const key = JSON.stringify([lengths.name, keys.shape[0], keys.shape[2], window]);
      const seen = masks.get(key) ?? seenByOne(target, lengths, keys.shape, window);
      masks.set(key, seen);
      return append(target, name, [...inputs, seen], attrs as Attrs);
    },
  });
}

/** 0 for each kept place that one new position sees, and for itself; the lowest number for all others. */
function seenByOne(graph: Graph, lengths: Value, [batch, , room]: readonly Dim[], window: number | undefined): Value {
  const op = opsOf(graph);
  const [rows, places] = [batch as Dim, room as Dim];
  const one = graph.constant([1], "int64", [1]);
  const counted = op.CumSum(op.Expand(one, { to: [places] }), { along: 0, exclusive: 1 });
  const place = op.Reshape(counted, { to: [1, "*"] }); // there may be none
  const kept = op.Reshape(op.Cast(lengths, { dtype: "int64" }), { to: [rows, 1] });
  const isThere = op.Less(place, kept);
  const isNear = (width: number) => op.Less(op.Sub(kept, place), graph.constant([width], "int64", [1]));
  const isSeen = op.Expand(window === undefined ? isThere : op.And(isThere, isNear(window)), { to: [rows, places] });
  const scores = op.Where(isSeen, graph.constant([0]), graph.constant([-3.4e38]));
  const all = op.Concat(scores, op.Expand(graph.constant([0], "float32", [1, 1]), { to: [rows, 1] }), { axis: 1 });
  return op.Reshape(all, { to: [rows, 1, 1, addDims(places, 1)] });
}

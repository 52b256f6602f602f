import { addDims } from "../dim";
import type { Attrs, Dim, Graph, Value } from "../graph";
import { append, opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { visiblePlaces } from "../visible-places";

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
function seenByOne(graph: Graph, last: Value, [rows, , room]: readonly Dim[], window: number | undefined): Value {
  const op = opsOf(graph);
  const [batch, kept] = [rows as Dim, room as Dim];
  const visible = visiblePlaces(graph, { batch, length: 1, kept, last, window });
  const scores = op.Where(visible, graph.constant([0]), graph.constant([-3.4e38]));
  return op.Reshape(scores, { to: [batch, 1, 1, addDims(kept, 1)] });
}

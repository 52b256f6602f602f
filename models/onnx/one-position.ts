/** Attention of new positions to what was kept and to themselves, as graphs of which a model takes one or the other. */
import { type Dim, Graph, type OpNode, type Value } from "./graph";
import type { GroupQueryAttention } from "./ops/attention";
import { append, type AttrsOf, opsOf } from "./ops/index";

/** Up to so many kept places in all rows the runtime's own op is quicker than ops of its parts. */
export const fewPlaces = 256;

/**
 * What GroupQueryAttention gives where S is 1, from the same inputs by the same names, of which the last says what is
 * seen, float32 [B, 1, 1, P + 1]. Query heads that share a key head lie side by side, as rows of one product; the new
 * key and value are no part of the kept ones yet, and have products of their own. → "y", [B, 1, heads·d].
 */
export function onePositionOf({ inputs, attrs }: OpNode): Graph {
  const graph = new Graph();
  const op = opsOf(graph);
  const [q, k, v, keys, values, seen] = [0, 1, 2, 3, 4, 7].map((i) => {
    const { name, dtype, shape } = inputs[i] as Value;
    return graph.input(name, dtype, i < 3 ? [shape[0] as Dim, 1, shape[2] as Dim] : shape);
  }) as [Value, Value, Value, Value, Value, Value];
  const { num_heads: heads, kv_num_heads: groups, scale } = attrs as AttrsOf<typeof GroupQueryAttention>;
  const width = Number(q.shape[2]) / heads;
  const grouped = op.Reshape(op.Mul(q, graph.constant([scale])), { to: ["*", groups, heads / groups, width] });
  const [key, value] = [k, v].map((x) => op.Reshape(x, { to: ["*", groups, 1, width] })) as [Value, Value];
  const scoresOf = (x: Value) => op.MatMul(grouped, op.Transpose(x, { perm: [0, 1, 3, 2] }));
  const scores = op.Concat(scoresOf(keys), scoresOf(key), { axis: 3 });
  const weights = op.Softmax(op.Add(scores, seen), { axis: -1 });
  const kept = op.Slice(weights, { starts: [0], ends: [-1], axes: [3] });
  const added = op.Slice(weights, { starts: [-1], ends: [Number.MAX_SAFE_INTEGER], axes: [3] });
  const mixed = op.Add(op.MatMul(kept, values), op.Mul(added, value));
  graph.output("y", op.Reshape(mixed, { to: ["*", 1, heads * width] }));
  return graph;
}

/** The runtime's own op, for any number of new positions, without what is told to the other graph. → "y". */
export function manyPositionsOf({ inputs, attrs }: OpNode): Graph {
  const graph = new Graph();
  const read = inputs.slice(0, 7).map(({ name, dtype, shape }) => graph.input(name, dtype, shape));
  graph.output("y", append(graph, "GroupQueryAttention", read, attrs)[0] as Value);
  return graph;
}

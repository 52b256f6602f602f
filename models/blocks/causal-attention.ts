/** Attention of language models: to earlier positions, with key heads that several query heads share. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import { attend, splitHeads } from "./attention";
import type { Builder } from "./builder";

export interface CausalAttentionSpec {
  heads: number;
  /** So many key heads, each of which `heads / keyHeads` query heads share, in order. */
  keyHeads: number;
  /** What the products of queries and keys are multiplied with. */
  scale: number;
  /** A position sees so many, itself the last of them; all before it where absent. While text is generated. */
  window?: number;
  /** Added to the scores, broadcast to [B, heads, N, N], as `causalAttentionMask` makes it. In training and scoring. */
  mask?: Value;
}

/**
 * Queries [B, N, heads·d] to keys and values [B, N, keyHeads·d], float32, positions turned already → [B, N, heads·d].
 * While text is generated, keys and values are kept, and the new positions see what was kept of earlier ones too; so
 * they do where caches come in.
 */
export function causalAttention(
  builder: Builder,
  [q, k, v]: readonly [q: Value, k: Value, v: Value],
  { heads, keyHeads, scale, window, mask }: CausalAttentionSpec,
): Value {
  const { op, generation, caches } = builder;
  if (generation) {
    const kept = [generation.keep(k, keyHeads), generation.keep(v, keyHeads)] as const;
    const attributes = { num_heads: heads, kv_num_heads: keyHeads, scale, local_window_size: window };
    return op.GroupQueryAttention(q, k, v, ...kept, generation.lengths, generation.total, attributes);
  }
  const query = splitHeads(builder, q, heads);
  const added = [splitHeads(builder, k, keyHeads), splitHeads(builder, v, keyHeads)] as const;
  const [key, value] = caches?.extended(...added) ?? added;
  if (heads === keyHeads) return attend(builder, [query, key, value], { scale, mask });
  return attendInGroups(builder, [query, key, value], { scale, mask });
}

/**
 * Attention whose query heads lie side by side with those that share their key head, as more rows of it: no key is
 * repeated. q: [B, H, N, d]; k, v: [B, G, M, d] → [B, N, H·d].
 */
function attendInGroups(
  { op, constant }: Builder,
  [q, k, v]: readonly [q: Value, k: Value, v: Value],
  { scale, mask }: { scale: number; mask?: Value },
): Value {
  const [batch, heads, length, width] = q.shape as [Dim, number, Dim, number];
  const [, groups, keys] = k.shape as [Dim, number, Dim];
  const rows = multiplyDims(length, heads / groups);
  const grouped = op.Reshape(op.Mul(q, constant([scale])), { to: [batch, groups, rows, width] });
  const scores = op.Reshape(op.MatMul(grouped, op.Transpose(k, { perm: [0, 1, 3, 2] })), {
    to: [batch, heads, length, keys],
  });
  const weights = op.Softmax(mask ? op.Add(scores, mask) : scores, { axis: -1 });
  const mixed = op.MatMul(op.Reshape(weights, { to: [batch, groups, rows, keys] }), v);
  const apart = op.Reshape(mixed, { to: [batch, heads, length, width] });
  return op.Reshape(op.Transpose(apart, { perm: [0, 2, 1, 3] }), { to: [batch, length, heads * width] });
}

/** The last position of each row while text is generated: it alone is asked for. Else all. [B, N, D] → [B, 1, D]. */
export function lastPosition({ op, generation }: Builder, x: Value): Value {
  if (!generation) return x;
  const [batch, , width] = x.shape as [Dim, Dim, number];
  return op.Reshape(op.GatherND(x, generation.last, { batch_dims: 1 }), { to: [batch, 1, width] });
}

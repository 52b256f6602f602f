/** Attention: softmax(QKᵀ·scale + mask)·V (Vaswani et al. 2017), and the masks that it is given. */
import type { Dim, Init, Value } from "../onnx/graph";
import { type Builder, linear } from "./builder";

/** What is added to a score that must not count: the least float32, so that a row that is masked whole stays a row. */
export const masked = -3.4028234663852886e38;

/**
 * Attention of heads that are apart already. q: float32 [B, H, N, d]; k: [B, H, M, d]; v: [B, H, M, e]; mask: added to
 * the scores, broadcast to [B, H, N, M] → [B, N, H·e].
 */
export function attend(
  builder: Builder,
  [q, k, v]: readonly [q: Value, k: Value, v: Value],
  { scale, mask }: { scale: number; mask?: Value },
): Value {
  const { op, constant } = builder;
  const scores = op.MatMul(op.Mul(q, constant([scale])), op.Transpose(k, { perm: [0, 1, 3, 2] }));
  const weights = op.Softmax(mask ? op.Add(scores, mask) : scores, { axis: -1 });
  builder.attended?.(weights, "");
  const mixed = op.Transpose(op.MatMul(weights, v), { perm: [0, 2, 1, 3] });
  const [batch, length, heads, width] = mixed.shape as [Dim, Dim, number, number];
  return op.Reshape(mixed, { to: [batch, length, heads * width] });
}

/** float32 [B, N, heads·d] → [B, heads, N, d]. */
export function splitHeads({ op }: Builder, x: Value, heads: number): Value {
  const [batch, length, width] = x.shape as [Dim, Dim, number];
  const apart = op.Reshape(x, { to: [batch, length, heads, width / heads] });
  return op.Transpose(apart, { perm: [0, 2, 1, 3] });
}

export interface AttentionSpec {
  heads: number;
  /** What its four linear layers are called. */
  names: { query: string; key: string; value: string; out: string };
  /** Whether query, key and value have a bias; so they do where absent. The last layer always has. */
  bias?: boolean;
  /** Where keys and values come from; x itself where absent. float32 [B, M, C]. */
  context?: Value;
  /** Added to the scores: broadcast to [B, heads, N, M]. */
  mask?: Value;
  /** Attends instead, to queries, keys and values as [B, N, heads·d], as `causalAttention` does. */
  mix?(parts: readonly [q: Value, k: Value, v: Value]): Value;
  init?: Init;
}

/** How wide each head is. Throws where heads do not divide the width. */
export function widthOfHeads(width: number, heads: number): number {
  const each = width / heads;
  if (!Number.isInteger(each)) throw new Error(`the width ${width} is not divisible by ${heads} heads`);
  return each;
}

/** Multi-head attention with layers of its own for query, key and value. x: float32 [B, N, D] → [B, N, D]. */
export function multiHeadAttention(builder: Builder, x: Value, spec: AttentionSpec): Value {
  const { heads, names, bias = true, context, mask, init } = spec;
  const width = x.shape[2] as number;
  const headWidth = widthOfHeads(width, heads);
  const project = (name: string, source: Value) => linear(builder, name, source, width, { bias, init });
  /** Of a context, which stays the same while text is generated, it is made once. */
  const read = (name: string) => {
    if (!context) return project(name, x);
    return builder.generation?.once(project(name, context)) ?? project(name, context);
  };
  const parts = [project(names.query, x), read(names.key), read(names.value)] as const;
  const apart = () => parts.map((part) => splitHeads(builder, part, heads)) as [Value, Value, Value];
  const mixed = spec.mix?.(parts) ?? attend(builder, apart(), { scale: headWidth ** -0.5, mask });
  return linear(builder, names.out, mixed, width, { init });
}

/** A mask to be added to scores, of an int64 mask that has 1 where a token counts. [B, M] → float32 [B, 1, 1, M]. */
export function paddingMask({ op, constant }: Builder, mask: Value): Value {
  const [batch, length] = mask.shape as [Dim, Dim];
  const off = op.Sub(constant([1]), op.Cast(mask, { dtype: "float32" }));
  return op.Reshape(op.Mul(off, constant([masked])), { to: [batch, 1, 1, length] });
}

/** The places 0, 1, … of an axis, however long: int64 [length]. */
export function placesOf({ op, graph }: Builder, length: Dim): Value {
  if (typeof length === "number")
    return graph.constant(
      Array.from({ length }, (_, i) => i),
      "int64",
      [length],
    );
  return op.CumSum(op.Expand(graph.constant([1], "int64"), { to: [length] }), { along: 0, exclusive: 1 });
}

export interface CausalSpec {
  /** How many places are looked from, at the end of those that are looked at. */
  queries: Dim;
  /** How many places are looked at. */
  keys: Dim;
  /** How many places came before the first query. */
  past?: Value;
  /** A place sees itself and so many − 1 before it; all before it where absent. */
  window?: number;
  /**
   * int64 [B, keys]: 1 where a place counts, 0 where not; in rows that hold several sequences their numbers from 1, so
   * that a place sees its own sequence alone. Numbers above 1 need all places as queries.
   */
  padding?: Value;
}

/**
 * A mask to be added to scores: each place sees those before it and itself, within the window, and no padding.
 * float32 [B, 1, queries, keys], or [1, 1, …] without padding.
 */
export function causalAttentionMask(builder: Builder, spec: CausalSpec): Value {
  const { op, graph, constant } = builder;
  const { queries, keys, past, window, padding } = spec;
  const from = op.Reshape(placesOf(builder, queries), { to: [queries, 1] });
  const query = past ? op.Add(from, past) : from;
  const key = op.Reshape(placesOf(builder, keys), { to: [1, keys] });
  let sees = op.LessOrEqual(key, query);
  if (window !== undefined) sees = op.And(sees, op.Less(op.Sub(query, key), graph.constant([window], "int64")));
  sees = op.Reshape(sees, { to: [1, 1, queries, keys] });
  if (padding) sees = op.And(sees, countedKeys(builder, padding, queries));
  return op.Where(sees, constant([0]), constant([masked]));
}

/** Which places count for which: bool [B, 1, queries or 1, keys]. Padding looks on as if it were the first sequence. */
function countedKeys({ op, graph }: Builder, padding: Value, queries: Dim): Value {
  const [batch, keys] = padding.shape as [Dim, Dim];
  const ofKeys = op.Reshape(padding, { to: [batch, 1, 1, keys] });
  if (queries !== keys) return op.Greater(ofKeys, graph.constant([0], "int64"));
  const ofQueries = op.Reshape(op.Max(padding, graph.constant([1], "int64")), { to: [batch, 1, queries, 1] });
  return op.Equal(ofQueries, ofKeys);
}

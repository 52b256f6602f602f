/** Rotary position embeddings (Su et al. 2021), in halves: number i of a head turns with number i + r/2. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import { placesOf } from "./attention";
import type { Builder } from "./builder";

/** The turns of the positions of a call, made once for all layers. */
export interface Rotary {
  cos: Value;
  sin: Value;
  /** Which row of the two is each position's: int64 [B, N]. */
  rows: Value;
  /** How many numbers of each head turn. */
  width: number;
}

/**
 * The turns at some positions. positions: int64 [B or 1, N]; `frequencies` are radians per position, one for each pair
 * of numbers; the turned numbers are multiplied with `scale`.
 */
export function rotaryTurns(
  builder: Builder,
  positions: Value,
  frequencies: readonly number[],
  { batch, scale = 1 }: { batch: Dim; scale?: number },
): Rotary {
  const { op, constant } = builder;
  const [rows, length] = positions.shape as [Dim, Dim];
  const every = multiplyDims(rows, length);
  const pairs = frequencies.length;
  const column = op.Reshape(op.Cast(positions, { dtype: "float32" }), { to: [every, 1] });
  const angles = op.Mul(column, constant(frequencies, [1, pairs]));
  const scaled = (value: Value) => (scale === 1 ? value : op.Mul(value, constant([scale])));
  const places = op.Reshape(placesOf(builder, every), { to: [rows, length] });
  return {
    cos: scaled(op.Cos(angles)),
    sin: scaled(op.Sin(angles)),
    rows: rows === batch ? places : op.Expand(places, { to: [batch, length] }),
    width: 2 * pairs,
  };
}

/** Each head of x turned by its position. x: float32 [B, N, heads·d] → the same. */
export function turned({ op }: Builder, x: Value, heads: number, { cos, sin, rows, width }: Rotary): Value {
  const isWhole = width * heads === x.shape[2];
  const part = isWhole ? {} : { rotary_embedding_dim: width };
  return op.RotaryEmbedding(x, rows, cos, sin, { num_heads: heads, ...part });
}

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

/** How positions turn. */
export interface Turning {
  /** Radians per position, one for each pair of numbers of a head. */
  frequencies: readonly number[];
  /** What turned numbers are multiplied with. */
  scale: number;
  /** Other frequencies for texts of more tokens than `above`. */
  long?: { above: number; frequencies: readonly number[] };
  /**
   * For texts of more tokens than `above` the base of the frequencies grows with their length:
   * base·((factor·length / above) − (factor − 1))^(r / (r − 2)).
   */
  growing?: { above: number; factor: number; base: number };
}

/** The turns at some positions. positions: int64 [B or 1, N]. */
export function rotaryTurns(builder: Builder, positions: Value, turning: Turning, { batch }: { batch: Dim }): Rotary {
  const { op, constant } = builder;
  const [rows, length] = positions.shape as [Dim, Dim];
  const every = multiplyDims(rows, length);
  const pairs = turning.frequencies.length;
  const column = op.Reshape(op.Cast(positions, { dtype: "float32" }), { to: [every, 1] });
  const angles = op.Mul(column, frequenciesFor(builder, positions, turning));
  const scaled = (value: Value) => (turning.scale === 1 ? value : op.Mul(value, constant([turning.scale])));
  const places = op.Reshape(placesOf(builder, every), { to: [rows, length] });
  return {
    cos: scaled(op.Cos(angles)),
    sin: scaled(op.Sin(angles)),
    rows: rows === batch ? places : op.Expand(places, { to: [batch, length] }),
    width: 2 * pairs,
  };
}

/** The frequencies of a call, which may follow the length of its text: float32 [1, r/2]. */
function frequenciesFor(builder: Builder, positions: Value, { frequencies, long, growing }: Turning): Value {
  const { op, graph, constant } = builder;
  const plain = constant(frequencies, [1, frequencies.length]);
  const above = long?.above ?? growing?.above;
  if (above === undefined) return plain;
  const length = op.Add(op.ReduceMax(positions, { keepdims: 0 }), graph.constant([1], "int64"));
  const others = growing
    ? grownFrequencies(builder, length, frequencies.length, growing)
    : constant(long?.frequencies ?? [], [1, frequencies.length]);
  return op.Where(op.Greater(length, graph.constant([above], "int64")), others, plain);
}

function grownFrequencies(
  { op, constant }: Builder,
  length: Value,
  pairs: number,
  { above, factor, base }: NonNullable<Turning["growing"]>,
): Value {
  const width = 2 * pairs;
  const share = op.Mul(op.Cast(length, { dtype: "float32" }), constant([factor / above]));
  // No less than what it is at the limit: the logarithm of what is not used must be a number too.
  const growth = op.Log(op.Max(op.Sub(share, constant([factor - 1])), constant([1])));
  const logarithm = op.Add(op.Mul(growth, constant([width / (width - 2)])), constant([Math.log(base)]));
  const exponents = Array.from({ length: pairs }, (_, i) => (-2 * i) / width);
  return op.Exp(op.Mul(logarithm, constant(exponents, [1, pairs])));
}

/** Each head of x turned by its position. x: float32 [B, N, heads·d] → the same. */
export function turned({ op }: Builder, x: Value, heads: number, { cos, sin, rows, width }: Rotary): Value {
  const isWhole = width * heads === x.shape[2];
  const part = isWhole ? {} : { rotary_embedding_dim: width };
  return op.RotaryEmbedding(x, rows, cos, sin, { num_heads: heads, ...part });
}

/** Tokens of a sequence: put before it, and taken out of it. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Init, Value } from "../onnx/graph";
import { placesOf } from "./attention";
import { type Builder, normal } from "./builder";

/** Puts a learned token before all others. tokens: float32 [B, N, D] → [B, 1 + N, D]. */
export function prependToken(
  builder: Builder,
  name: string,
  tokens: Value,
  { shape, init = normal(0.02) }: { shape?: readonly number[]; init?: Init } = {},
): Value {
  const { op } = builder;
  const [batch, , width] = tokens.shape as [Dim, Dim, number];
  const token = builder.weight(name, shape ?? [1, 1, width], init);
  const placed = shape ? op.Reshape(token, { to: [1, 1, width] }) : token;
  return op.Concat(op.Expand(placed, { to: [batch, 1, width] }), tokens, { axis: 1 });
}

/** The token at a place, without its axis. tokens: float32 [B, N, D] → [B, D]. */
export function tokenAt({ op }: Builder, tokens: Value, place: number): Value {
  const [batch, , width] = tokens.shape as [Dim, Dim, number];
  const end = place === -1 ? Number.MAX_SAFE_INTEGER : place + 1;
  return op.Reshape(op.Slice(tokens, { starts: [place], ends: [end], axes: [1] }), { to: [batch, width] });
}

/**
 * The token of each row at its own place: a product with a row of zeros and a one. tokens: float32 [B, N, D]; places:
 * int64 [B] → [B, D].
 */
export function pickTokens(builder: Builder, tokens: Value, places: Value): Value {
  const { op } = builder;
  const [batch, length, width] = tokens.shape as [Dim, Dim, number];
  const every = op.Reshape(placesOf(builder, length), { to: [1, 1, length] });
  const isThere = op.Equal(every, op.Reshape(places, { to: [batch, 1, 1] }));
  const picked = op.MatMul(op.Cast(isThere, { dtype: "float32" }), tokens);
  return op.Reshape(picked, { to: [batch, width] });
}

/**
 * Puts features in the places of placeholder tokens, in their order, row by row. tokens: float32 [B, T, D]; isPlace:
 * bool [B, T]; features: float32 [.., D], as many as there are places → [B, T, D]. While text is generated the features
 * are [B, N, D], those of each row for itself, of which `counts`, int64 [B, 1], says how many are its own.
 */
export function placeFeatures(builder: Builder, tokens: Value, isPlace: Value, features: Value, counts?: Value): Value {
  if (builder.generation) return placeInRows(builder, tokens, isPlace, features, counts);
  const { op, graph } = builder;
  const [batch, length, width] = tokens.shape as [Dim, Dim, number];
  const count = features.shape.slice(0, -1).reduce(multiplyDims, 1);
  const marks = op.Reshape(op.Cast(isPlace, { dtype: "int64" }), { to: [multiplyDims(batch, length)] });
  const numbers = op.Sub(op.CumSum(marks, { along: 0 }), graph.constant([1], "int64"));
  const places = op.Reshape(op.Max(numbers, graph.constant([0], "int64")), { to: [batch, length] });
  const placed = op.Gather(op.Reshape(features, { to: [count, width] }), places, { axis: 0 });
  return op.Where(op.Reshape(isPlace, { to: [batch, length, 1] }), placed, tokens);
}

/**
 * The same where each row has features of its own, which may be more than its places: the first of them are placed.
 * features: float32 [B, N, D]. While text is generated they are made once, and places of earlier tokens count. Where it
 * is known how many there are, in all rows or by `counts` in each, a placeholder behind the last one, which a model may
 * write itself, stays a token as any.
 */
export function placeInRows(builder: Builder, tokens: Value, isPlace: Value, features: Value, counts?: Value): Value {
  const { op, graph, generation } = builder;
  const [batch, length] = tokens.shape as [Dim, Dim];
  const [, perRow] = features.shape as [Dim, Dim];
  const own = generation?.once(features) ?? features;
  const number = numbersInRows(builder, isPlace);
  const isBounded = typeof perRow === "number";
  const within = isBounded ? op.Min(number, graph.constant([perRow - 1], "int64")) : number;
  const bound = counts ? (generation?.once(counts) ?? counts) : isBounded && graph.constant([perRow], "int64");
  const isFilled = bound ? op.And(isPlace, op.Less(number, bound)) : isPlace;
  const index = op.Reshape(op.Max(within, graph.constant([0], "int64")), { to: [batch, length, 1] });
  const placed = op.GatherND(own, index, { batch_dims: 1 });
  return op.Where(op.Reshape(isFilled, { to: [batch, length, 1] }), placed, tokens);
}

/**
 * The number of each place in its row, from 0, those of earlier tokens counted. isPlace: bool [B, T] → int64 [B, T].
 */
function numbersInRows(builder: Builder, isPlace: Value): Value {
  const { op, graph, generation } = builder;
  const fresh = op.Sub(op.CumSum(op.Cast(isPlace, { dtype: "int64" }), { along: 1 }), graph.constant([1], "int64"));
  if (!generation) return fresh;
  const [batch, length] = isPlace.shape as [Dim, Dim];
  const marks = op.Reshape(op.Cast(isPlace, { dtype: "float32" }), { to: [batch, length, 1] });
  const earlier = generation.keep(marks, 1);
  const room = earlier.shape[2] as Dim;
  // Of what is kept only the places before the first new token are a row's.
  const first = op.Slice(generation.positions, { starts: [0], ends: [1], axes: [1] });
  const counts = op.Less(op.Reshape(placesOf(builder, room), { to: [1, "*"] }), first);
  const seen = op.Where(counts, op.Reshape(earlier, { to: [batch, "*"] }), builder.constant([0]));
  return op.Add(op.Cast(op.ReduceSum(seen, { axes: [1] }), { dtype: "int64" }), fresh);
}

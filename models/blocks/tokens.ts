/** Tokens of a sequence: put before it, and taken out of it. */
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

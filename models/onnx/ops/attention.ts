/**
 * The runtime's own ops for language models: attention with what is kept of earlier positions, and rotary positions.
 */

import { addDims } from "../dim";
import type { Dim } from "../graph";
import type { OpDef } from "../op";
import { input, like, ShapeError, show } from "../shape";

/** Where ONNX Runtime keeps the ops that ONNX does not have. */
const domain = "com.microsoft";

/**
 * RotaryEmbedding(x [B, S, heads·d], places int64 [B, S], cos [M, r/2], sin [M, r/2]): each head's first r numbers are
 * turned by the angles of a row of the tables, number i with number i + r/2 (Su et al. 2021). `rotary_embedding_dim` is
 * r where it is not d.
 */
export const RotaryEmbedding: OpDef<{ num_heads: number; rotary_embedding_dim?: number }> = {
  infer(x, { num_heads, rotary_embedding_dim }) {
    const { shape } = input(x, 0);
    const turned = rotary_embedding_dim ?? headWidth(shape, num_heads);
    const halves = [input(x, 2).shape[1], input(x, 3).shape[1]];
    if (halves.some((half) => typeof half === "number" && half * 2 !== turned))
      throw new ShapeError(`tables of ${halves.join(" and ")} angles do not turn ${turned} numbers of each head`);
    return like(x);
  },
  domain,
};

/**
 * GroupQueryAttention(q [B, S, heads·d], k and v [B, S, groups·d], kept keys and values [B, groups, P, d], lengths
 * int32 [B], total int32 []): causal attention of S new positions to those that were kept and to themselves, with
 * `groups` key heads that `heads / groups` query heads each share. Row b has `lengths[b]` + 1 positions with the new
 * ones; with more than one new position either nothing was kept, and rows are filled up at the end, or there is one
 * row. `total` is the largest number of positions. → [B, S, heads·d], and what is kept now. The runtime passes over
 * what was kept where nothing is named to take that. Where one input more comes (../passes/one-position.ts), a single
 * new position has ops of its own, ../one-position.ts.
 */
export const GroupQueryAttention: OpDef<{
  num_heads: number;
  kv_num_heads: number;
  scale: number;
  /** A position sees so many, itself the last of them; all before it where absent. */
  local_window_size?: number;
}> = {
  infer(x, { num_heads, kv_num_heads }) {
    const width = headWidth(input(x, 0).shape, num_heads);
    for (const i of [1, 2]) {
      if (headWidth(input(x, i).shape, kv_num_heads) !== width)
        throw new ShapeError(`${kv_num_heads} heads of ${width} are expected, and ${show(input(x, i).shape)} came`);
    }
    const [batch, , room, d] = input(x, 3).shape as [Dim, Dim, Dim, Dim];
    const kept = {
      dtype: input(x, 0).dtype,
      shape: [batch, kv_num_heads, addDims(room, input(x, 0).shape[1] as Dim), d],
    };
    return [like(x), kept, kept];
  },
  domain,
};

/** The width of one of so many heads, of [B, S, heads·d]. */
function headWidth(shape: readonly Dim[], heads: number): number {
  const width = Number(shape[2]) / heads;
  if (shape.length !== 3 || !Number.isInteger(width))
    throw new ShapeError(`[B, S, ${heads} heads] is expected, and ${show(shape)} came`);
  return width;
}

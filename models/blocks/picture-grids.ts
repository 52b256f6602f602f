/**
 * Pictures of several sizes in one batch, padded at the right and at the bottom: which patches are of a picture, and
 * learned positions that are stretched over each picture's own grid.
 */
import type { Dim, Value } from "../onnx/graph";
import type { Builder } from "./builder";
import type { Grid } from "./patches";

/**
 * Which patches lie in a picture, by the pixel that stands for each, as torch's interpolate does by the nearest.
 * mask: [B, H, W] → [B, rows, columns].
 */
export function patchesInside({ op, graph }: Builder, mask: Value, grid: Grid): Value {
  const [, height, width] = mask.shape as [Dim, number, number];
  const places = (size: number, count: number) =>
    graph.constant(
      Array.from({ length: count }, (_, i) => Math.floor((i * size) / count)),
      "int64",
      [count],
    );
  const rows = op.Gather(mask, places(height, grid[0]), { axis: 1 });
  return op.Gather(rows, places(width, grid[1]), { axis: 2 });
}

/**
 * The same, told by the pixels themselves: those whose channels sum to exactly 0 are padding (ViLT, `visual_embed`).
 * pixels: float32 [B, C, H, W] → int64 [B, rows, columns].
 */
export function patchesWithPixels(builder: Builder, pixels: Value, grid: Grid): Value {
  const { op, constant } = builder;
  const sums = op.ReduceSum(pixels, { axes: [1], keepdims: 0 });
  const isEmpty = op.Equal(patchesInside(builder, sums, grid), constant([0]));
  return op.Cast(op.Not(isEmpty), { dtype: "int64" });
}

/**
 * Positions stretched over the part of the grid that each picture covers: bilinear, with corners on corners. learned:
 * float32 [from, D]; inside: int64 [B, rows, columns] → float32 [B, rows·columns, D]. What it gives for patches outside
 * of a picture means nothing.
 */
export function stretchedPositions(builder: Builder, learned: Value, from: Grid, inside: Value): Value {
  const { op } = builder;
  const [batch, rows, columns] = inside.shape as [Dim, number, number];
  const width = learned.shape[2] as number;
  const alongRows = stretch(builder, inside, { axis: 1, from: from[0], to: rows });
  const alongColumns = stretch(builder, inside, { axis: 2, from: from[1], to: columns });
  // [B, rows, r]·[r, c·D] → [B, rows, c, D]; then the same along the columns.
  const tall = op.MatMul(alongRows, op.Reshape(learned, { to: [1, from[0], from[1] * width] }));
  const apart = op.Reshape(tall, { to: [batch, rows, from[1], width] });
  const wide = op.MatMul(op.Reshape(alongColumns, { to: [batch, 1, columns, from[1]] }), apart);
  return op.Reshape(wide, { to: [batch, rows * columns, width] });
}

/** For each picture the weights of old places in new ones: float32 [B, to, from]. */
function stretch(
  { op, constant }: Builder,
  inside: Value,
  { axis, from, to }: { axis: 1 | 2; from: number; to: number },
): Value {
  const [batch] = inside.shape as [Dim];
  // How far a picture reaches, by its first row or column.
  const line = op.Slice(inside, { starts: [0], ends: [1], axes: [axis === 1 ? 2 : 1] });
  const reach = op.Cast(op.ReduceSum(line, { axes: [1, 2], keepdims: 0 }), { dtype: "float32" });
  const steps = op.Max(op.Sub(reach, constant([1])), constant([1]));
  const scale = op.Div(constant([from - 1]), steps);
  const old = constant(range(from), [1, 1, from]);
  const places = op.Mul(constant(range(to), [1, to, 1]), op.Reshape(scale, { to: [batch, 1, 1] }));
  return op.Relu(op.Sub(constant([1]), op.Abs(op.Sub(places, old))));
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

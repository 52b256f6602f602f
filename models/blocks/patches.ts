/** Pictures as tokens: patches, and the positions that they have on grids of other sizes. */
import type { Dim, SizeLimit, Value } from "../onnx/graph";
import { resamplingMatrix } from "../onnx/resampling";
import { type Builder, fanIn } from "./builder";

/** Rows and columns of a grid of patches. */
export type Grid = readonly [rows: number, columns: number];

export interface PatchSpec {
  /** Height and width of a patch. */
  patch: readonly [height: number, width: number];
  width: number;
  bias?: boolean;
}

/** How many whole patches fit a picture. */
export function gridOf(size: readonly Dim[], [height, width]: PatchSpec["patch"]): Grid {
  const [pixelRows, pixelColumns] = size;
  if (typeof pixelRows !== "number" || typeof pixelColumns !== "number")
    throw new Error(`the size of the pictures must be known here, and it is [${size.join(", ")}]`);
  const grid = [Math.floor(pixelRows / height), Math.floor(pixelColumns / width)] as const;
  if (grid[0] < 1 || grid[1] < 1)
    throw new Error(`pictures of ${pixelColumns} × ${pixelRows} are smaller than a patch of ${width} × ${height}`);
  return grid;
}

const restHint = "Choose a patch size that divides the side of the pictures or tiles, or resize them.";

/** The grid of a picture that patches cut up without a rest, which `gridOf` leaves off as published models do. */
export function wholeGridOf(size: readonly Dim[], patch: PatchSpec["patch"]): Grid {
  const grid = gridOf(size, patch);
  if (grid[0] * patch[0] === size[0] && grid[1] * patch[1] === size[1]) return grid;
  const message = `pictures of ${size[1]} × ${size[0]} cannot be cut into patches of ${sidesOf(patch)}`;
  throw Object.assign(new Error(message), { port: "pixels", hint: restHint });
}

/** That a picture's patches leave no rest, told before a training runs. */
export const withoutRest = (size: readonly [number, number], patch: PatchSpec["patch"]): SizeLimit => ({
  size: Math.max(size[0] % patch[0], size[1] % patch[1]),
  most: 0,
  says: () => `is given pictures of ${size[1]} × ${size[0]}, which cannot be cut into patches of ${sidesOf(patch)}`,
  hint: restHint,
});

const sidesOf = ([height, width]: PatchSpec["patch"]): string =>
  height === width ? `${width}` : `${width} × ${height}`;

/**
 * A convolution whose stride is its kernel, written as reshape and product; its weight is a convolution's,
 * [width, C, h, w]. What is left of a picture beyond whole patches is cut off. Patches come row by row.
 * pixels: float32 [B, C, H, W] → [B, rows·columns, width].
 */
export function patchEmbedding(builder: Builder, name: string, pixels: Value, spec: PatchSpec): Value {
  const { op } = builder;
  const { patch, width, bias = true } = spec;
  const [height, across] = patch;
  const [batch, channels] = pixels.shape as [Dim, number];
  const [rows, columns] = gridOf(pixels.shape.slice(2), patch);
  const inputs = channels * height * across;
  const weight = builder.weight(`${name}.weight`, [width, channels, height, across], fanIn(inputs));
  const matrix = op.Transpose(op.Reshape(weight, { to: [width, inputs] }), { perm: [1, 0] });
  const tokens = op.MatMul(patchesOf(builder, pixels, patch), matrix);
  const placed = op.Reshape(tokens, { to: [batch, rows * columns, width] });
  return bias ? op.Add(placed, builder.weight(`${name}.bias`, [width], { kind: "zeros" })) : placed;
}

/** The pixels of each patch, channel by channel. float32 [B, C, H, W] → [B, rows·columns, C·h·w]. */
export function patchesOf(builder: Builder, pixels: Value, patch: PatchSpec["patch"]): Value {
  const { op } = builder;
  const [height, width] = patch;
  const { whole, rows, columns } = wholePatches(builder, pixels, patch);
  const [batch, channels] = whole.shape as [Dim, number];
  const apart = op.Reshape(whole, { to: [batch, channels, rows, height, columns, width] });
  return op.Reshape(op.Transpose(apart, { perm: [0, 2, 4, 1, 3, 5] }), {
    to: [batch, rows * columns, channels * height * width],
  });
}

/**
 * The pixels of each patch, channels last. float32 [B, C, H, W] → [B, rows·columns, h·w·C]. In two transposes, for the
 * runtime takes almost twenty times as long to turn the few pixels of each patch.
 */
export function pixelPatches(builder: Builder, pixels: Value, patch: PatchSpec["patch"]): Value {
  const { op } = builder;
  const [height, width] = patch;
  const { whole, rows, columns } = wholePatches(builder, pixels, patch);
  const [batch, channels] = whole.shape as [Dim, number];
  const last = op.Transpose(whole, { perm: [0, 2, 3, 1] });
  const apart = op.Reshape(last, { to: [batch, rows, height, columns, width * channels] });
  return op.Reshape(op.Transpose(apart, { perm: [0, 1, 3, 2, 4] }), {
    to: [batch, rows * columns, height * width * channels],
  });
}

/** Pictures without the pixels behind the last whole patch, and how many patches they have. */
function wholePatches({ op }: Builder, pixels: Value, [height, width]: PatchSpec["patch"]) {
  const size = pixels.shape.slice(2);
  const [rows, columns] = gridOf(size, [height, width]);
  const isWhole = size[0] === rows * height && size[1] === columns * width;
  const whole = isWhole
    ? pixels
    : op.Slice(pixels, { starts: [0, 0], ends: [rows * height, columns * width], axes: [2, 3] });
  return { whole, rows, columns };
}

/**
 * Learned positions of one grid on another one, bicubic as torch.nn.functional.interpolate. positions: float32
 * [1, from, D] → [1, to, D]; the same value where the grids are equal. Two products: Resize takes pictures whose
 * channels come first, and the runtime moves the transposes around it in a training step to where it cannot compute.
 */
export function interpolatePositions(builder: Builder, positions: Value, from: Grid, to: Grid): Value {
  if (from[0] === to[0] && from[1] === to[1]) return positions;
  const { op } = builder;
  const width = positions.shape[2] as number;
  const along = (axis: 0 | 1) =>
    builder.constant(resamplingMatrix(from[axis], to[axis], to[axis] / from[axis], { mode: "cubic" }), [
      to[axis],
      from[axis],
    ]);
  const rows = op.MatMul(along(0), op.Reshape(positions, { to: [from[0], from[1] * width] }));
  const resized = op.MatMul(along(1), op.Reshape(rows, { to: [to[0], from[1], width] }));
  return op.Reshape(resized, { to: [1, to[0] * to[1], width] });
}

/** The same where the first position is that of a class token, which stays. positions: float32 [1, 1 + from, D]. */
export function interpolateBehindToken(builder: Builder, positions: Value, from: Grid, to: Grid): Value {
  if (from[0] === to[0] && from[1] === to[1]) return positions;
  const { op } = builder;
  const cut = (start: number, end: number) => op.Slice(positions, { starts: [start], ends: [end], axes: [1] });
  const grid = cut(1, 1 + from[0] * from[1]);
  return op.Concat(cut(0, 1), interpolatePositions(builder, grid, from, to), { axis: 1 });
}

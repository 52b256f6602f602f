/** Pictures of any size as tiles (LLaVA-NeXT): how they are cut, and how the features of tiles become a picture's. */
import type { Builder } from "../../blocks/builder";
import type { Dim, Value } from "../../onnx/graph";
import { bestResolution } from "../../pictures/anyres";

export interface TileSpec {
  /** The side of a tile in pixels, and in features. */
  side: number;
  features: number;
  /** The sizes, height and width, that pictures are laid on before they are cut. */
  pinpoints: readonly (readonly [height: number, width: number])[];
  /** A picture has no more than so many tiles' features, or is shrunk; any number where absent. */
  most?: number;
}

/** The numbers of tiles from top to bottom and from left to right, of a picture's height and width. */
export function tileGrid([height, width]: readonly [number, number], { side, pinpoints }: TileSpec) {
  const best = bestResolution(
    { height, width },
    pinpoints.map(([down, across]) => ({ height: down, width: across })),
  );
  const grid = [Math.floor(best.height / side), Math.floor(best.width / side)] as const;
  if (grid[0] < 1 || grid[1] < 1) throw new Error(`a grid of ${best.width} × ${best.height} holds no tile of ${side}`);
  return grid;
}

/**
 * The features of pictures of one size, the whole one first and then its tiles laid side by side, what was padded cut
 * off and each row ended by `newline`. tiles: float32 [R, 1 + tiles, N, D]; newline: float32 [D] → [R, M, D].
 */
export function laidOut(
  builder: Builder,
  tiles: Value,
  size: readonly [number, number],
  spec: TileSpec,
  newline: Value,
): Value {
  const { op } = builder;
  const [rows, count, length, width] = tiles.shape as [Dim, number, number, number];
  const tileAt = (start: number, end: number) => op.Slice(tiles, { starts: [start], ends: [end], axes: [1] });
  const whole = op.Reshape(tileAt(0, 1), { to: [rows, length, width] });
  if (count === 1) return op.Concat(whole, rowsOf(builder, newline, [rows, 1, width]), { axis: 1 });
  const [down, across] = tileGrid(size, spec);
  const { features: side } = spec;
  const apart = op.Reshape(tileAt(1, count), { to: [rows, down, across, side, side, width] });
  const map = op.Reshape(op.Transpose(apart, { perm: [0, 1, 3, 2, 4, 5] }), {
    to: [rows, down * side, across * side, width],
  });
  const kept = shrunk(builder, unpadded(builder, map, size), spec);
  const [, height, columns] = kept.shape as [Dim, number, number, number];
  const ended = op.Concat(kept, rowsOf(builder, newline, [rows, height, 1, width]), { axis: 2 });
  return op.Concat(whole, op.Reshape(ended, { to: [rows, height * (columns + 1), width] }), { axis: 1 });
}

const rowsOf = ({ op }: Builder, row: Value, to: readonly Dim[]): Value => op.Expand(row, { to: [...to] });

/** Without the borders that a picture of this size got. map: float32 [R, H, W, D]. */
function unpadded({ op }: Builder, map: Value, [height, width]: readonly [number, number]): Value {
  const [, down, across] = map.shape as [Dim, number, number, number];
  const isWider = width / height > across / down;
  const axis = isWider ? 1 : 2;
  const whole = isWider ? down : across;
  const exact = isWider ? height * (across / width) : width * (down / height);
  const border = Math.floor((whole - Math.trunc(Math.round(exact * 1e7) / 1e7)) / 2);
  return border > 0 ? op.Slice(map, { starts: [border], ends: [whole - border], axes: [axis] }) : map;
}

/** Where it has more features than it may, it is made smaller. map: float32 [R, H, W, D]. */
function shrunk(builder: Builder, map: Value, { most, features }: TileSpec): Value {
  if (most === undefined) return map;
  const [, down, across] = map.shape as [Dim, number, number, number];
  const ratio = Math.sqrt((down * across) / (most * features ** 2));
  if (ratio <= 1.1) return map;
  return resizedMap(builder, map, [Math.floor(down / ratio), Math.floor(across / ratio)]);
}

/**
 * A map of features at another size, bilinear as torch.nn.functional.interpolate: a product for each axis, which needs
 * no transposing. map: float32 [R, H, W, D].
 */
export function resizedMap(builder: Builder, map: Value, [height, width]: readonly [number, number]): Value {
  const { op } = builder;
  const [rows, down, across, features] = map.shape as [Dim, number, number, number];
  const flat = op.Reshape(map, { to: [rows, down, across * features] });
  const high = op.Reshape(op.MatMul(mixture(builder, down, height), flat), { to: [rows, height, across, features] });
  return op.MatMul(mixture(builder, across, width), high);
}

/** How much of each of so many places each new place takes: float32 [to, from]. */
function mixture(builder: Builder, from: number, to: number): Value {
  const shares = new Float32Array(from * to);
  const add = (row: number, place: number, share: number) => {
    const at = row * from + Math.min(place, from - 1);
    shares[at] = (shares[at] as number) + share;
  };
  for (let row = 0; row < to; row++) {
    const centre = Math.max(((row + 0.5) * from) / to - 0.5, 0);
    const first = Math.floor(centre);
    add(row, first, 1 - (centre - first));
    add(row, first + 1, centre - first);
  }
  return builder.constant([...shares], [to, from]);
}

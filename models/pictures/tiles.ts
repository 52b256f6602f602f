/** Pictures as tiles for an encoder: scaled as Pillow does, cut, and normalised where they come to lie. */
import { type Filter, type Picture, resample } from "./pillow";
import type { View } from "./tiling";

/** A picture at the size of each of its views; of the picture itself nothing is kept. */
export function scaledViews(
  picture: Picture,
  views: readonly View[],
  { filter, background }: { filter: Filter; background: readonly number[] },
): Picture[] {
  return views.map(({ resized, isSquared }) => {
    const source = isSquared ? squared(picture, background) : picture;
    return resample(source, resized.width, resized.height, filter);
  });
}

/** The picture in the middle of a square of one colour, as `expand2square` of the official code lays it. */
function squared(picture: Picture, colour: readonly number[]): Picture {
  const { width, height, data } = picture;
  if (width === height) return picture;
  const side = Math.max(width, height);
  const square = new Uint8Array(side * side * 3);
  for (let i = 0; i < square.length; i++) square[i] = colour[i % 3] as number;
  const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)];
  for (let y = 0; y < height; y++)
    square.set(data.subarray(y * width * 3, (y + 1) * width * 3), ((y + top) * side + left) * 3);
  return { width: side, height: side, data: square };
}

/** Where tiles are written: float32 [.., 3, side, side], what each value of a channel becomes, and the next place. */
export interface TileWriter {
  data: Float32Array;
  side: number;
  tables: readonly Float32Array[];
  next: number;
}

/** Writes the tiles of a view, row by row. */
export function writeTiles(writer: TileWriter, scaled: Picture, { left, top, grid: [rows, columns] }: View): void {
  const { side } = writer;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) writeTile(writer, scaled, column * side - left, row * side - top);
  }
}

/** A tile whose first pixel lies at a place of the picture; what lies outside of it is black. */
function writeTile(writer: TileWriter, { width, height, data: source }: Picture, left: number, top: number): void {
  const { data, side, tables } = writer;
  const first = Math.min(side, Math.max(0, -left));
  const end = Math.max(first, Math.min(side, width - left));
  for (const [channel, table] of tables.entries()) {
    for (let y = 0; y < side; y++) {
      const target = writer.next + y * side;
      const line = y + top;
      if (line < 0 || line >= height || end === first) {
        data.fill(table[0] as number, target, target + side);
        continue;
      }
      data.fill(table[0] as number, target, target + first);
      data.fill(table[0] as number, target + end, target + side);
      let from = (line * width + left + first) * 3 + channel;
      for (let x = first; x < end; x++, from += 3) data[target + x] = table[source[from] as number] as number;
    }
    writer.next += side * side;
  }
}

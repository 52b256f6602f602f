/** Positions that are not learned: sines and cosines of the place on a grid (He et al. 2022; pos_embed.py of MAE). */
import type { Grid } from "./patches";

/**
 * A table [1 + rows·columns, width], row by row: the first half of the width is that of the column, the second of the
 * row, each its sines and then its cosines, of place·10000^(−i / (width / 4)). The first row of the table, that of the
 * class token, is 0.
 */
export function sinCosTable([rows, columns]: Grid, width: number): Float32Array<ArrayBuffer> {
  if (width % 4) throw new Error(`positions of sines and cosines need a width divisible by 4, and it is ${width}`);
  const table = new Float32Array((1 + rows * columns) * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (1 + row * columns + column) * width;
      writeWaves(table.subarray(start, start + width / 2), column);
      writeWaves(table.subarray(start + width / 2, start + width), row);
    }
  }
  return table;
}

function writeWaves(into: Float32Array, place: number): void {
  const pairs = into.length / 2;
  for (let i = 0; i < pairs; i++) {
    const angle = place * 10_000 ** (-i / pairs);
    into[i] = Math.sin(angle);
    into[pairs + i] = Math.cos(angle);
  }
}

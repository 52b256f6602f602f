/** Embeddings in blocks of rows, so that no matrix of all with all is ever made. */
import type { Tensor } from "./values";

/** Rows that are compared at a time: a block of scores takes 16 MiB. */
const blockRows = 2048;

/** How many rows a block has, and where each begins. */
export function blocksOf(count: number): { size: number; starts: number[] } {
  const starts = Array.from({ length: Math.ceil(count / blockRows) }, (_, i) => i * blockRows);
  return { size: Math.min(blockRows, count), starts };
}

/** Some rows, filled up with zeros to `size`: products of one shape are rounded alike, so that equal rows tie. */
export function block({ dtype, shape, data }: Tensor, start: number, size: number): Tensor {
  const [, width = 0] = shape;
  const rows = (data as Float32Array).subarray(start * width, (start + size) * width);
  if (rows.length === size * width) return { dtype, shape: [size, width], data: rows };
  const filled = new Float32Array(size * width);
  filled.set(rows);
  return { dtype, shape: [size, width], data: filled };
}

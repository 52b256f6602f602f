/** Rows of numbers in memory, each there once it was made. */
import type { ImageBatch, PortValue, Tensor } from "#nodes/core/values";
import type { RowType } from "../rows";
import { sliceRows, widthOf } from "../values";

export interface HeldRows {
  type: "image" | "tensor";
  /** All rows; those that are not there are zero. */
  numbers: Tensor;
  /** For each row whether it is there. */
  there: Uint8Array;
}

/** The numbers of a value; nothing for texts and for pictures that are files. */
export function numbersOf(type: RowType, value: unknown): Tensor | undefined {
  if (type === "tensor") return value as Tensor;
  const images = value as ImageBatch;
  return type === "image" && "pixels" in images ? images.pixels : undefined;
}

/** What so many rows like those of a tensor take. */
export function bytesOfRows({ dtype, shape }: Pick<Tensor, "dtype" | "shape">, rows: number): number {
  return shape.slice(1).reduce((product, size) => product * size, rows * widthOf(dtype));
}

/** Room for so many rows like those of a tensor; none is there yet. */
export function roomFor(type: HeldRows["type"], { dtype, shape, data }: Tensor, rows: number): HeldRows {
  const length = shape.slice(1).reduce((product, size) => product * size, rows);
  const numbers = {
    dtype,
    shape: [rows, ...shape.slice(1)],
    data: new (data.constructor as Uint8ArrayConstructor)(length),
  };
  return { type, numbers, there: new Uint8Array(rows) };
}

/** Puts rows where they are held. */
export function putRows({ type, numbers, there }: HeldRows, rows: Uint32Array, value: unknown): void {
  const { data } = numbersOf(type, value) as Tensor;
  const width = data.length / rows.length;
  const target = numbers.data as Uint8Array;
  for (const [i, row] of rows.entries()) {
    target.set((data as Uint8Array).subarray(i * width, (i + 1) * width), row * width);
    there[row] = 1;
  }
}

/** A copy of rows that are there. */
export function takeHeld({ type, numbers }: HeldRows, rows: Uint32Array): PortValue["image" | "tensor"] {
  const value = type === "image" ? { pixels: numbers } : numbers;
  return sliceRows[type]?.(value as never, rows) as PortValue["image" | "tensor"];
}

/** The numbers of rows from `start` up to `end`. */
export const rowRange = (start: number, end: number): Uint32Array =>
  Uint32Array.from({ length: end - start }, (_, i) => start + i);

/** A number for each name, equal where the names are. */
export function numberedNames(names: readonly string[]): Uint32Array {
  const known = new Map<string, number>();
  return Uint32Array.from(names, (name) => {
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  });
}

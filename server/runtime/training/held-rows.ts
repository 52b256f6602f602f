/** Rows of numbers in memory, each there once it was made. */
import { countsOf, startsOf } from "#nodes/core/packed";
import type { ImageBatch, PortValue, Tensor } from "#nodes/core/values";
import type { RowType } from "../rows";
import { sliceRows, widthOf } from "../values";

export interface HeldRows {
  /** Whether a row is there. */
  has(row: number): boolean;
  /** Puts rows where they are held. */
  put(rows: Uint32Array, value: unknown): void;
  /** A copy of rows that are there. */
  take(rows: Uint32Array): PortValue["image" | "tensor"];
  /** What it takes, or where rows have any number of items, as far as they are there. */
  readonly bytes: number;
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

/** What so many rows take, where these are some of them; nothing for what is no numbers. */
export function bytesLike(type: RowType, value: unknown, rows: number): number | undefined {
  const numbers = numbersOf(type, value);
  const counts = (value as Partial<Tensor & ImageBatch>).counts;
  if (!numbers || !counts) return numbers && bytesOfRows(numbers, rows);
  return Math.ceil((bytesOfRows(numbers, numbers.shape[0] ?? 0) * rows) / Math.max(1, counts.length));
}

/** Room for so many rows like those of a value; none is there yet. */
export function roomFor(type: "image" | "tensor", value: unknown, rows: number): HeldRows {
  const numbers = numbersOf(type, value) as Tensor;
  return (value as Tensor | ImageBatch).counts ? new UnevenRows(type, numbers) : new EvenRows(type, numbers, rows);
}

const valueOf = (type: "image" | "tensor", numbers: Tensor): PortValue["image" | "tensor"] =>
  type === "image" ? { pixels: numbers } : numbers;

/** Rows of one size, in one piece of memory. */
class EvenRows implements HeldRows {
  /** All rows; those that are not there are zero. */
  readonly #numbers: Tensor;
  readonly #there: Uint8Array;

  constructor(
    readonly type: "image" | "tensor",
    { dtype, shape, data }: Tensor,
    rows: number,
  ) {
    const length = shape.slice(1).reduce((product, size) => product * size, rows);
    const all = new (data.constructor as Uint8ArrayConstructor)(length);
    this.#numbers = { dtype, shape: [rows, ...shape.slice(1)], data: all };
    this.#there = new Uint8Array(rows);
  }

  get bytes(): number {
    return this.#numbers.data.byteLength;
  }

  has(row: number): boolean {
    return this.#there[row] === 1;
  }

  put(rows: Uint32Array, value: unknown): void {
    const { data } = numbersOf(this.type, value) as Tensor;
    const width = data.length / rows.length;
    const target = this.#numbers.data as Uint8Array;
    for (const [i, row] of rows.entries()) {
      target.set((data as Uint8Array).subarray(i * width, (i + 1) * width), row * width);
      this.#there[row] = 1;
    }
  }

  take(rows: Uint32Array): PortValue["image" | "tensor"] {
    const taken = sliceRows[this.type]?.(valueOf(this.type, this.#numbers) as never, rows);
    return taken as PortValue["image" | "tensor"];
  }
}

/** Packed rows: each has any number of items, and lies by itself. */
class UnevenRows implements HeldRows {
  readonly #rows = new Map<number, Tensor["data"]>();
  /** An item's type and sizes. */
  readonly #like: Tensor;
  bytes = 0;

  constructor(
    readonly type: "image" | "tensor",
    { dtype, shape, data }: Tensor,
  ) {
    this.#like = { dtype, shape, data: data.slice(0, 0) };
  }

  has(row: number): boolean {
    return this.#rows.has(row);
  }

  put(rows: Uint32Array, value: unknown): void {
    const { data } = numbersOf(this.type, value) as Tensor;
    const starts = startsOf(countsOf(value as Tensor | ImageBatch));
    for (const [i, row] of rows.entries()) {
      if (this.#rows.has(row)) continue;
      const [first = 0, end = 0] = starts.subarray(i, i + 2);
      const own = data.slice(first * this.#width, end * this.#width);
      this.#rows.set(row, own);
      this.bytes += own.byteLength;
    }
  }

  take(rows: Uint32Array): PortValue["image" | "tensor"] {
    const { dtype, shape, data } = this.#like;
    const parts = Array.from(rows, (row) => this.#rows.get(row) as Uint8Array);
    const counts = parts.map((part) => part.length / this.#width);
    const items = counts.reduce((sum, count) => sum + count, 0);
    const taken = new (data.constructor as Uint8ArrayConstructor)(items * this.#width);
    let filled = 0;
    for (const part of parts) {
      taken.set(part, filled);
      filled += part.length;
    }
    return { ...valueOf(this.type, { dtype, shape: [items, ...shape.slice(1)], data: taken }), counts };
  }

  get #width(): number {
    return this.#like.shape.slice(1).reduce((product, size) => product * size, 1);
  }
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

/** A slice of a tensor that a run gave: two of its axes, at a place of the others. Reads what it shows, no more. */
import type { DType } from "#models/onnx/graph";
import type { Db } from "../db";
import type { Blobs } from "../storage/blobs";
import { isStoredRows, type StoredTensor, storedTensor } from "../storage/stored-rows";
import type { RunResult } from "./read";
import { numbersOf } from "./stored-numbers";

export interface SliceQuery {
  run: string;
  node: string;
  port: string;
  /** The place on each axis; on the two that are shown, where the slice begins. */
  place: readonly number[];
  /** Which axes are shown as rows and columns. */
  axes: readonly [rows: number, columns: number];
}

export interface StoredSlice {
  dtype: DType;
  shape: number[];
  /** Numbers row by row, with how many rows and columns they are. */
  size: [rows: number, columns: number];
  numbers: number[];
}

/** A slice has at most so many rows and columns. */
export const mostOfSide = 64;

/** Nothing where the run gave no such tensor; a place that is outside is moved inside. */
export async function storedSlice(db: Db, blobs: Blobs, query: SliceQuery): Promise<StoredSlice | undefined> {
  const found = await db.run.findUnique({ where: { id: query.run }, select: { result: true } });
  const stored = (found?.result as unknown as RunResult | null)?.outputs[query.node]?.[query.port];
  if (stored?.type !== "tensor") return undefined;
  const { dtype, shape } = storedTensor(stored.value);
  const read = readerOf(stored.value, blobs);
  const place = shape.map((size, axis) => Math.max(0, Math.min(size - 1, query.place[axis] ?? 0)));
  const [across, along] = query.axes;
  const lengthOf = (axis: number) => Math.min(mostOfSide, (shape[axis] ?? 1) - (place[axis] ?? 0));
  const size: [number, number] = [
    across < shape.length ? lengthOf(across) : 1,
    along < shape.length ? lengthOf(along) : 1,
  ];
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const start = place.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0);
  const [down, right] = [strides[across] ?? 0, strides[along] ?? 0];
  const rows = Array.from({ length: size[0] }, (_, row) => start + row * down);
  const numbers = await Promise.all(
    rows.map((first) =>
      right === 1
        ? read(first, size[1])
        : Promise.all(
            Array.from({ length: size[1] }, async (_, i) => (await read(first + i * right, 1))[0] ?? Number.NaN),
          ),
    ),
  );
  return { dtype, shape: [...shape], size, numbers: numbers.flat() };
}

type ReadNumbers = (first: number, count: number) => Promise<number[]>;

/** Reads numbers by their place in the whole tensor, from the blobs of its chunks. */
function readerOf(value: unknown, blobs: Blobs): ReadNumbers {
  const parts = isStoredRows(value)
    ? value.chunks.map((chunk) => chunk.value as StoredTensor)
    : [value as StoredTensor];
  let reached = 0;
  const placed = parts.map(({ ref, dtype, shape }) => {
    const start = reached;
    reached += shape.reduce((product, length) => product * length, 1);
    return { ref, dtype, start, end: reached };
  });
  return async (first, count) => {
    const numbers: number[] = [];
    for (const { ref, dtype, start, end } of placed) {
      const [from, to] = [Math.max(first, start), Math.min(first + count, end)];
      if (to > from) numbers.push(...(await numbersOf(blobs, { ref, dtype, first: from - start, count: to - from })));
    }
    return numbers;
  };
}

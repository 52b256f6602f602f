/** Batch values as rows: kept in chunks, read by range, put together only where all of them are asked for. */
import { countsOf } from "#nodes/core/packed";
import type { ImageBatch, PortValue, Tensor } from "#nodes/core/values";
import type { Blobs } from "../storage/blobs";
import { isStoredList, listRange, type StoredList } from "./lists";
import {
  countsOfStored,
  hasRows,
  isStoredRows,
  type RowType,
  type StoredChunk,
  type StoredRows,
  storedItemCount,
  storedRowCount,
  storedTensorOf,
} from "../storage/stored-rows";
import { asArray, itemRange, loadValue, rowCount, rowsOf, storeValue, widthOf } from "./values";

export { hasRows, isStoredRows, type RowType, type StoredChunk, type StoredRows, storedItemCount, storedRowCount };

/** Stores a chunk. Equal chunks are one file. */
export async function storeChunk(type: RowType, value: unknown, blobs: Blobs): Promise<StoredChunk> {
  return { rows: rowCount(type, value) ?? 0, value: await storeValue(type, value, blobs) };
}

/** Chunks as one stored value: itself where there is one. */
export function joinedChunks(chunks: readonly StoredChunk[]): unknown {
  const [only] = chunks;
  if (only && chunks.length === 1) return only.value;
  return { rows: chunks.reduce((sum, chunk) => sum + chunk.rows, 0), chunks: [...chunks] } satisfies StoredRows;
}

const chunksOf = (type: RowType, stored: unknown): readonly StoredChunk[] =>
  isStoredRows(stored) ? stored.chunks : [{ rows: storedRowCount(type, stored), value: stored }];

/** What a stored value takes in memory once it is loaded; 0 where that is next to nothing. */
export function storedBytes(type: RowType, stored: unknown): number {
  const sizes = chunksOf(type, stored).map(({ value }) => {
    const tensor = storedTensorOf(type, value);
    return tensor ? tensor.shape.reduce((product, size) => product * size, widthOf(tensor.dtype)) : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Rows `start` up to `end`. Of tensors only those are read. */
export async function readRows(
  type: RowType,
  stored: unknown,
  start: number,
  end: number,
  blobs: Blobs,
): Promise<PortValue[RowType]> {
  const parts: PortValue[RowType][] = [];
  let first = 0;
  for (const { rows, value } of chunksOf(type, stored)) {
    const low = Math.max(start, first) - first;
    const high = Math.min(end, first + rows) - first;
    if (low < high) parts.push(await readRange(type, value, low, high, blobs));
    first += rows;
  }
  return concatenated(type, parts);
}

/** Rows by their numbers, in that order. Of tensors only those are read. */
export async function takeStoredRows(
  type: RowType,
  stored: unknown,
  rows: ArrayLike<number>,
  blobs: Blobs,
): Promise<PortValue[RowType]> {
  const parts = await Promise.all(Array.from(rows, (row) => readRows(type, stored, row, row + 1, blobs)));
  return concatenated(type, parts);
}

/** All rows. */
export function readAllRows(type: RowType, stored: unknown, blobs: Blobs): Promise<unknown> {
  if (!isStoredRows(stored)) return loadValue(type, stored, blobs);
  return readRows(type, stored, 0, stored.rows, blobs);
}

async function readRange(
  type: RowType,
  value: unknown,
  start: number,
  end: number,
  blobs: Blobs,
): Promise<PortValue[RowType]> {
  if (isStoredRows(value)) return readRows(type, value, start, end, blobs); // a long list within a chunk
  if (isStoredList(value)) return listRows(value, start, end, blobs);
  const tensor = storedTensorOf(type, value);
  if (!tensor) return rangeOf(type, (await loadValue(type, value, blobs)) as PortValue[RowType], start, end);
  const { dtype, shape, ref } = tensor;
  const counts = countsOfStored(value);
  const [first, last] = itemRange(counts, start, end);
  const itemBytes = shape.slice(1).reduce((product, size) => product * size, widthOf(dtype));
  const data = asArray(dtype, await blobs.read(ref, first * itemBytes, last * itemBytes));
  const items: Tensor = { dtype, shape: [last - first, ...shape.slice(1)], data };
  const ofRows = counts ? { counts: counts.slice(start, end) } : {};
  return type === "image" ? { pixels: items, ...ofRows } : { ...items, ...ofRows };
}

async function listRows(stored: StoredList, start: number, end: number, blobs: Blobs): Promise<PortValue[RowType]> {
  const { counts } = stored;
  const [first, last] = itemRange(counts, start, end);
  const items = await listRange(stored, first, last, blobs);
  return Array.isArray(items) || !counts ? items : { ...items, counts: counts.slice(start, end) };
}

/** Some rows of a value in memory, without a copy of numbers. */
export function rangeOf<T extends RowType>(type: T, value: PortValue[T], start: number, end: number): PortValue[T];
export function rangeOf(type: RowType, value: PortValue[RowType], start: number, end: number): PortValue[RowType] {
  if (type === "text") return (value as string[]).slice(start, end);
  if (type === "tensor") return rowsOf(value as Tensor, start, end);
  const { counts, ...images } = value as PortValue["image"];
  const [first, last] = itemRange(counts, start, end);
  const ofRows = counts ? { counts: counts.slice(start, end) } : {};
  return "files" in images
    ? { files: images.files.slice(first, last), ...ofRows }
    : { pixels: rowsOf(images.pixels, first, last), ...ofRows };
}

/** Values one behind the other. */
export function concatenated(type: RowType, parts: readonly PortValue[RowType][]): PortValue[RowType] {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  if (type === "text") return (parts as string[][]).flat();
  const packed = parts as (Tensor | ImageBatch)[];
  const counts = packed.some((part) => part.counts) ? { counts: packed.flatMap((part) => countsOf(part)) } : {};
  if (type === "tensor") return { ...joinedTensor(parts as Tensor[]), ...counts };
  const images = parts as ImageBatch[];
  if (images.every((part) => "files" in part)) return { files: images.flatMap((part) => part.files), ...counts };
  return { pixels: joinedTensor(images.flatMap((part) => ("pixels" in part ? [part.pixels] : []))), ...counts };
}

function joinedTensor(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (!first) throw new Error("there are no rows to put together");
  const items = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
  const length = parts.reduce((sum, part) => sum + part.data.length, 0);
  const data = new (first.data.constructor as Float32ArrayConstructor)(length);
  let filled = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, filled);
    filled += part.data.length;
  }
  return { dtype: first.dtype, shape: [items, ...first.shape.slice(1)], data };
}

/** How values with rows are stored: tensors as blobs, and what came in chunks of rows as the chunks. */
import type { DType } from "#models/onnx/graph";
import type { PortType } from "#nodes/core/values";

/** What a node gave, by port, in stored form. */
export type StoredOutputs = Record<string, { type: PortType; value: unknown }>;

/** The port types that have rows. */
export type RowType = "image" | "text" | "tensor";

export const hasRows = (type: PortType): type is RowType => type === "image" || type === "text" || type === "tensor";

/** A tensor as the cache and a run's outputs keep it: JSON, with its numbers in the blob store. */
export interface StoredTensor {
  dtype: DType;
  shape: number[];
  ref: string;
  /** Packed: how many items each row has. */
  counts?: readonly number[];
}

/** A batch value in the order of its rows, each chunk as a value of its own is stored. */
export interface StoredRows {
  rows: number;
  chunks: StoredChunk[];
}
export interface StoredChunk {
  rows: number;
  value: unknown;
}

export function isStoredRows(stored: unknown): stored is StoredRows {
  return typeof stored === "object" && stored !== null && "chunks" in stored;
}

/** A tensor, in one piece or in chunks: its blobs, one behind the other, and what it is as a whole. */
export function storedTensor(stored: unknown): Omit<StoredTensor, "ref"> & { refs: string[] } {
  const parts = isStoredRows(stored)
    ? stored.chunks.map(({ value }) => value as StoredTensor)
    : [stored as StoredTensor];
  const { dtype = "float32", shape = [] } = parts[0] ?? {};
  const items = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
  const counts = parts.some((part) => part.counts) ? { counts: parts.flatMap((part) => part.counts ?? []) } : {};
  const whole = isStoredRows(stored) ? [items, ...shape.slice(1)] : shape;
  return { dtype, shape: whole, refs: parts.map(({ ref }) => ref), ...counts };
}

/** How many rows a stored value has. */
export function storedRowCount(type: RowType, stored: unknown): number {
  if (isStoredRows(stored)) return stored.rows;
  const counts = countsOfStored(stored);
  if (counts) return counts.length;
  const tensor = storedTensorOf(type, stored);
  if (tensor) return tensor.shape[0] ?? 0;
  const items = type === "image" ? (stored as { files: unknown[] }).files : (stored as string[]);
  return items.length;
}

/** How many items the rows of a packed value have in all; nothing where it is not packed. */
export function storedItemCount(stored: unknown): number | undefined {
  const parts = isStoredRows(stored) ? stored.chunks.map(({ value }) => storedItemCount(value)) : [];
  if (parts.length) return parts.includes(undefined) ? undefined : parts.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  return countsOfStored(stored)?.reduce((sum, count) => sum + count, 0);
}

/** The tensor that a stored value consists of; nothing for texts and for pictures that are files. */
export function storedTensorOf(type: RowType, stored: unknown): StoredTensor | undefined {
  if (type === "tensor") return stored as StoredTensor;
  if (type === "image") return (stored as { pixels?: StoredTensor }).pixels;
  return undefined;
}

/** How many items each row of a stored value has; nothing where it is not packed. */
export const countsOfStored = (stored: unknown): readonly number[] | undefined =>
  (stored as { counts?: readonly number[] } | undefined)?.counts;

/** How values with rows are stored: tensors as blobs, and what came in chunks of rows as the chunks. */
import type { DType } from "#models/onnx/graph";

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

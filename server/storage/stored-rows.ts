/** How values with rows are stored: tensors as blobs, and what came in chunks of rows as the chunks. */
import type { DType } from "#models/onnx/graph";

/** A tensor as the cache and a run's outputs keep it: JSON, with its numbers in the blob store. */
export interface StoredTensor {
  dtype: DType;
  shape: number[];
  ref: string;
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
  const rows = isStoredRows(stored) ? [stored.rows, ...shape.slice(1)] : shape;
  return { dtype, shape: rows, refs: parts.map(({ ref }) => ref) };
}

import type { GrowingRows } from "#nodes/core/host";
import type { PortValue } from "#nodes/core/values";
import type { Blobs } from "../../storage/blobs";
import { joinedChunks, storeChunk, type StoredChunk } from "../rows";

/** Rows that are stored as they come. What they are in the end is their stored form, which results keep as it is. */
export function growingRows<T extends "text" | "tensor">(type: T, blobs: Blobs): GrowingRows<T> {
  const chunks: StoredChunk[] = [];
  return {
    async add(part) {
      chunks.push(await storeChunk(type, part, blobs));
    },
    async finish() {
      const [only] = chunks;
      const stored = chunks.length === 1 && only ? { rows: only.rows, chunks } : joinedChunks(chunks);
      return stored as PortValue[T];
    },
  };
}

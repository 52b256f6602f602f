import type { GrowingRows } from "#nodes/core/host";
import type { PortValue } from "#nodes/core/values";
import type { Blobs } from "../../storage/blobs";
import { storeTextList } from "../lists";
import { storeChunk, type StoredChunk, type StoredRows } from "../rows";

/** Rows that are stored as they come. What they are in the end is their stored form, which results keep as it is. */
export function growingRows<T extends "text" | "tensor">(type: T, blobs: Blobs): GrowingRows<T> {
  const chunks: StoredChunk[] = [];
  return {
    async add(part) {
      if (type === "text") chunks.push(...(await storeTextList(part as string[], blobs)).chunks);
      else chunks.push(await storeChunk(type, part, blobs));
    },
    async finish() {
      const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
      return { rows, chunks } satisfies StoredRows as unknown as PortValue[T];
    },
  };
}

import type { GrowingRows } from "#nodes/core/host";
import type { PortValue } from "#nodes/core/values";
import type { Blobs } from "../../storage/blobs";
import { storeTextList } from "../lists";
import { concatenated, rangeOf, readRows, storeChunk, type StoredChunk, type StoredRows } from "../rows";

/** Rows that are stored as they come. What they are in the end is their stored form, which results keep as it is. */
export function growingRows<T extends "text" | "tensor">(type: T, blobs: Blobs): GrowingRows<T> {
  const grown = storedRows(type, blobs);
  return {
    add: grown.add,
    async finish(kept) {
      const all = grown.rows();
      return (kept ? await onlySome(type, all, kept, blobs) : all) as unknown as PortValue[T];
    },
  };
}

function storedRows<T extends "text" | "tensor">(type: T, blobs: Blobs) {
  const chunks: StoredChunk[] = [];
  return {
    chunks,
    async add(part: PortValue[T]): Promise<void> {
      if (type === "text") chunks.push(...(await storeTextList(part as string[], blobs)).chunks);
      else chunks.push(await storeChunk(type, part, blobs));
    },
    rows: (): StoredRows => ({ rows: chunks.reduce((sum, chunk) => sum + chunk.rows, 0), chunks }),
  };
}

/** Some of the rows, in their order: chunks of which all are kept stay what they are. */
async function onlySome<T extends "text" | "tensor">(
  type: T,
  all: StoredRows,
  kept: Uint32Array,
  blobs: Blobs,
): Promise<StoredRows> {
  const some = storedRows(type, blobs);
  let start = 0;
  let next = 0;
  for (const chunk of all.chunks) {
    const end = start + chunk.rows;
    const first = next;
    while (next < kept.length && (kept[next] as number) < end) next++;
    const places = kept.subarray(first, next);
    if (places.length === chunk.rows) some.chunks.push(chunk);
    else if (places.length) {
      const rows = (await readRows(type, all, start, end, blobs)) as PortValue[T];
      const parts = stretches(places).map(([from, to]) => rangeOf(type, rows, from - start, to - start));
      await some.add(concatenated(type, parts) as PortValue[T]);
    }
    start = end;
  }
  return some.rows();
}

/** Numbers that follow one another, each as where such a stretch begins and ends. */
function stretches(numbers: Uint32Array): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last?.[1] === number) last[1]++;
    else found.push([number, number + 1]);
  }
  return found;
}

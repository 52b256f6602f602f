/**
 * Long lists of texts and of addresses of pictures, as they are kept: in chunks of their own in the blob store, so that
 * results stay small and rows are read by range.
 */
import type { ImageFile, PlacedImage, SourceFile } from "#nodes/core/values";
import { startsOf } from "#nodes/core/packed";
import { RecentlyUsed } from "../files/recently-used";
import type { Blobs } from "../storage/blobs";
import type { StoredRows } from "../storage/stored-rows";

/** So many rows are a chunk; shorter lists are kept in the result itself. */
const chunkRows = 2 ** 14;

/** A chunk: texts as JSON, addresses as numbers. */
export interface StoredList {
  list: "texts" | "pictures";
  ref: string;
  /** How many pictures each row has, where they are packed. */
  counts?: readonly number[];
}

export const isStoredList = (stored: unknown): stored is StoredList =>
  typeof stored === "object" && stored !== null && "list" in stored;

/** Texts as they are kept. */
export async function storeTexts(texts: readonly string[], blobs: Blobs): Promise<readonly string[] | StoredRows> {
  return texts.length <= chunkRows ? texts : storeTextList(texts, blobs);
}

/** Texts in chunks, however few they are: a part of a list that is long. */
export function storeTextList(texts: readonly string[], blobs: Blobs): Promise<StoredRows> {
  return inChunks(texts, "texts", blobs, (some) => new TextEncoder().encode(JSON.stringify(some)));
}

/** Pictures as they are kept; stored ones are no longer than their references. */
export async function storePictures(
  { files, counts }: { files: readonly ImageFile[]; counts?: readonly number[] },
  blobs: Blobs,
): Promise<{ files: readonly ImageFile[]; counts?: readonly number[] } | StoredRows> {
  const isLong = files.length > chunkRows && files.every((file) => "file" in file);
  if (!isLong) return counts ? { files, counts } : { files };
  return inChunks(files as readonly PlacedImage[], "pictures", blobs, packed, counts);
}

/** With `counts`, chunks of so many rows, with all that belongs to them. */
async function inChunks<T>(
  items: readonly T[],
  list: StoredList["list"],
  blobs: Blobs,
  encode: (some: readonly T[]) => Uint8Array,
  counts?: readonly number[],
): Promise<StoredRows> {
  const rows = counts?.length ?? items.length;
  const starts = counts && startsOf(counts);
  const chunks: StoredRows["chunks"] = [];
  for (let start = 0; start < rows; start += chunkRows) {
    const end = Math.min(rows, start + chunkRows);
    const some = items.slice(starts?.[start] ?? start, starts?.[end] ?? end);
    const ref = await blobs.put(encode(some), { durable: false });
    const ofRows = counts ? { counts: counts.slice(start, end) } : {};
    chunks.push({ rows: end - start, value: { list, ref, ...ofRows } satisfies StoredList });
  }
  return { rows, chunks };
}

/** A chunk that was read: any of its items. */
type OpenList = { texts: string[] } | { pictures: PackedImages };

/** Chunks that were read last, by how many bytes they have; rows that are drawn one by one come from all of them. */
const recent = new RecentlyUsed<Promise<OpenList>>(64 * 2 ** 20);

/** All items of a chunk. */
export async function loadList(stored: StoredList, blobs: Blobs): Promise<string[] | { files: ImageFile[] }> {
  const open = await openList(stored, blobs);
  return "texts" in open ? open.texts : { files: imagesOf(open.pictures, 0, open.pictures.count) };
}

/** Some items of a chunk. */
export async function listRange(
  stored: StoredList,
  first: number,
  end: number,
  blobs: Blobs,
): Promise<string[] | { files: ImageFile[] }> {
  const open = await openList(stored, blobs);
  return "texts" in open ? open.texts.slice(first, end) : { files: imagesOf(open.pictures, first, end) };
}

function openList({ list, ref }: StoredList, blobs: Blobs): Promise<OpenList> {
  const known = recent.get(ref);
  if (known) return known;
  const opened = blobs.get(ref).then((bytes): OpenList => {
    recent.set(ref, opened, bytes.length);
    return list === "texts"
      ? { texts: JSON.parse(new TextDecoder().decode(bytes)) as string[] }
      : { pictures: unpacked(bytes) };
  });
  opened.catch(() => recent.delete(ref));
  recent.set(ref, opened, 0);
  return opened;
}

/**
 * Of an address: which file, which column, the row, where the bytes begin, how many they are, and which picture of the
 * row; −1 for none.
 */
const numbersOfOne = 6;
/** As chunks were kept before rows had several pictures. */
const numbersBefore = 5;

/** JSON with the files and columns, whose length the first number is, then the numbers of each address. */
function packed(images: readonly PlacedImage[]): Uint8Array {
  const files = new Map<SourceFile, number>();
  const columns = new Map<string, number>();
  const numbers = new Float64Array(images.length * numbersOfOne);
  for (const [i, { file, column, row = -1, start = -1, length = -1, item = -1 }] of images.entries()) {
    const columnPlace = column === undefined ? -1 : placeIn(columns, column);
    numbers.set([placeIn(files, file), columnPlace, row, start, length, item], i * numbersOfOne);
  }
  const head = new TextEncoder().encode(
    JSON.stringify({
      files: [...files.keys()],
      columns: [...columns.keys()],
      numbers: numbersOfOne,
    }),
  );
  const room = Math.ceil(head.length / 8) * 8;
  const bytes = new Uint8Array(8 + room + numbers.byteLength);
  new DataView(bytes.buffer).setFloat64(0, head.length, true);
  bytes.set(head, 8);
  bytes.set(new Uint8Array(numbers.buffer), 8 + room);
  return bytes;
}

function placeIn<K>(places: Map<K, number>, key: K): number {
  const known = places.get(key) ?? places.size;
  places.set(key, known);
  return known;
}

/** Addresses as they are kept: objects are made of those alone that are asked for. */
interface PackedImages {
  files: readonly SourceFile[];
  columns: readonly string[];
  numbers: Float64Array;
  /** How many numbers an address has. */
  each: number;
  count: number;
}

function unpacked(bytes: Uint8Array): PackedImages {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as {
    files: SourceFile[];
    columns: string[];
    numbers?: number;
  };
  const rest = bytes.subarray(8 + Math.ceil(length / 8) * 8);
  const numbers = new Float64Array(new Uint8Array(rest).buffer); // a copy of their own, so that they are aligned
  const each = head.numbers ?? numbersBefore;
  return { files: head.files, columns: head.columns, numbers, each, count: numbers.length / each };
}

function imagesOf({ files, columns, numbers, each }: PackedImages, first: number, end: number): PlacedImage[] {
  return Array.from({ length: end - first }, (_, i) => {
    const at = (first + i) * each;
    const [fileAt = 0, columnAt = -1, row = -1, start = -1, length = -1, item = -1] = numbers.subarray(at, at + each);
    const file = files[fileAt] as SourceFile;
    if (columnAt >= 0) return { file, column: columns[columnAt], row, ...(item < 0 ? {} : { item }) };
    if (start >= 0) return { file, start, length, row };
    return { file, name: file.name };
  });
}

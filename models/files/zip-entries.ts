/** The files of a .zip that lie in it as they are: found by its directory, so that they can be read by range. */
import { type ByteSource, readExactly, TableError } from "./table-file";

export interface StoredEntry {
  path: string;
  start: number;
  end: number;
}

const marks = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, entry: 0x02014b50, file: 0x04034b50 };
const largestDirectory = 64 * 2 ** 20;

/** Throws a TableError for archives that are packed or damaged. */
export async function storedEntries(source: ByteSource): Promise<StoredEntry[]> {
  const { start, length } = await directoryOf(source);
  if (length > largestDirectory) throw new TableError(`Its directory says that it has ${length} bytes.`);
  const bytes = await readExactly(source, start, start + length);
  const view = viewOf(bytes);
  const entries: StoredEntry[] = [];
  for (let at = 0; at + 46 <= bytes.length && view.getUint32(at, true) === marks.entry; ) {
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (view.getUint16(at + 10, true) !== 0)
      throw new TableError(`“${path}” in it is packed.`, "Save it with numpy.savez, which does not pack.");
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const [size, offset] = largeNumbers(extra, [view.getUint32(at + 24, true), view.getUint32(at + 42, true)]);
    entries.push(await entryAt(source, path, offset, size));
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Where the directory lies, as the end of the archive says. */
async function directoryOf(source: ByteSource): Promise<{ start: number; length: number }> {
  const tail = Math.max(0, source.size - 66_000);
  const bytes = await source.read(tail, source.size);
  const view = viewOf(bytes);
  let at = bytes.length - 22;
  while (at >= 0 && view.getUint32(at, true) !== marks.end) at--;
  if (at < 0) throw new TableError("It is no archive, or cut off: its end is missing.");
  const isLarge = at >= 20 && view.getUint32(at - 20, true) === marks.locator64;
  if (!isLarge) return { start: view.getUint32(at + 16, true), length: view.getUint32(at + 12, true) };
  const end64 = Number(view.getBigUint64(at - 12, true));
  const large = viewOf(await readExactly(source, end64, end64 + 56));
  if (large.getUint32(0, true) !== marks.end64) throw new TableError("Its directory cannot be found.");
  return { start: Number(large.getBigUint64(48, true)), length: Number(large.getBigUint64(40, true)) };
}

/** Numbers that are all ones stand in an extra field instead, in their order. */
function largeNumbers(extra: Uint8Array, small: [size: number, offset: number]): [number, number] {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const isSizeLarge = small[0] === 0xffffffff;
    const size = isSizeLarge ? Number(view.getBigUint64(next, true)) : small[0];
    if (isSizeLarge) next += 16; // the packed size stands behind it
    return [size, small[1] === 0xffffffff ? Number(view.getBigUint64(next, true)) : small[1]];
  }
  return small;
}

async function entryAt(source: ByteSource, path: string, offset: number, size: number): Promise<StoredEntry> {
  const head = viewOf(await readExactly(source, offset, offset + 30));
  const start = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (head.getUint32(0, true) !== marks.file || start + size > source.size)
    throw new TableError(`“${path}” says that it has ${size} bytes, and the file ends before.`);
  return { path, start, end: start + size };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

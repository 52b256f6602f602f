import { unzipSync } from "fflate";

/** A file in an archive. */
export interface ZipEntry {
  /** Its path in the archive. */
  path: string;
  size: number;
  read(): Uint8Array;
}

export class ZipError extends Error {
  readonly hint = "Unpack it, and choose the files themselves.";
}

/** What a stranger's archive may claim. */
const limits = { entries: 10_000, bytes: 4 * 2 ** 30 };

/** "PK", as every archive that holds a file begins. */
export const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;

/**
 * The files of a .zip, without folders. Nothing is unpacked before it is read, and then no more than the archive says
 * that there is: an entry that swells beyond its size is cut off there.
 */
export function openZip(bytes: Uint8Array): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let total = 0;
  attempt(bytes, ({ name, originalSize }) => {
    total += originalSize;
    if (entries.length >= limits.entries) throw new ZipError(`The archive holds more than ${limits.entries} files.`);
    if (total > limits.bytes)
      throw new ZipError(`The archive unpacks to more than ${limits.bytes / 2 ** 30} GiB, which is the limit.`);
    const isFile = !name.endsWith("/") && !name.startsWith("__MACOSX/");
    if (isFile) entries.push({ path: name, size: originalSize, read: () => entryOf(bytes, name, originalSize) });
    return false;
  });
  return entries;
}

function entryOf(bytes: Uint8Array, name: string, size: number): Uint8Array {
  const unpacked = attempt(bytes, (entry) => entry.name === name && entry.originalSize === size)[name];
  if (unpacked?.length === size) return unpacked;
  throw new ZipError(`“${name}” in the archive is not of the size that it says.`);
}

function attempt(bytes: Uint8Array, filter: Exclude<Parameters<typeof unzipSync>[1], undefined>["filter"]) {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError(`The archive cannot be unpacked: ${(error as Error).message}.`);
  }
}

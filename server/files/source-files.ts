/** Files that data is read from where it lies: how they are found, and read again as long as they are the same. */
import { type FileHandle, open } from "node:fs/promises";
import type { SourceFile } from "#nodes/core/values";
import { Failure } from "../errors";

/** Bytes of a file that stays where it is. */
export interface SourceBytes {
  readonly file: SourceFile;
  /** The bytes from `start` up to `end`; fewer where the file ends before. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file for as long as `use` takes. Throws when it is not the one that was found. */
export async function withSource<T>(file: SourceFile, use: (source: SourceBytes) => Promise<T>): Promise<T> {
  const handle = await open(file.path).catch((cause) => gone(file, cause));
  try {
    await checkSame(file, handle);
    const result = await use({ file, read: (start, end) => readRange(handle, start, end) });
    await checkSame(file, handle); // what was read while it was written to is worth nothing
    return result;
  } finally {
    await handle.close();
  }
}

/** The bytes of a file from `start` up to `end`. */
export const readSource = (file: SourceFile, start = 0, end = file.size): Promise<Uint8Array<ArrayBuffer>> =>
  withSource(file, (source) => source.read(start, end));

async function checkSame(file: SourceFile, handle: FileHandle): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  if (size === file.size && mtimeMs === file.mtimeMs) return;
  throw new Failure({
    message: `“${file.name}” was changed while it was in use: it had ${file.size} bytes, and has ${size} now.`,
    hint: "Run again, when nothing writes to it any more: what follows from it is then computed anew.",
  });
}

function gone(file: SourceFile, cause: NodeJS.ErrnoException): never {
  const reasons: Record<string, string> = {
    ENOENT: "is gone: it was there when its data was opened",
    EACCES: "cannot be read: Patchbay's user lacks the permission",
    EMFILE: "cannot be opened: too many files are open",
  };
  throw new Failure(
    {
      message: `“${file.name}” ${reasons[cause.code ?? ""] ?? `cannot be read: ${cause.message}`}.`,
      hint: "Put it back where it was, or run again with the data that is there.",
    },
    { cause },
  );
}

/** One read may give less than was asked for. */
async function readRange(handle: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, Math.min(bytes.length - filled, 2 ** 30), start + filled);
    if (!bytesRead) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

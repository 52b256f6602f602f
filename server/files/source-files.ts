/** Files that data is read from where it lies: read again as long as they are the same. */
import { fstatSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { ByteSource } from "#models/files/table-file";
import type { SourceFile } from "#nodes/core/values";
import { Failure } from "../errors";

/** A file that is not any more what it was when it was found. */
export class SourceLost extends Failure {}

/** How long a file that is read here and there stays open after a read. */
const idleMs = 500;

/** Throws when a file is not the one that was found. */
export async function checkFile(file: SourceFile): Promise<void> {
  compare(file, await stat(file.path).catch((cause) => gone(file, cause)));
}

/** All of a file, or some bytes of it, opened for that alone. */
export async function readSource(file: SourceFile, start = 0, end = file.size): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await openSame(file);
  try {
    return await readSame(file, handle, start, end);
  } finally {
    await handle.close();
  }
}

/** A file that is read here and there: opened when it is first read, and closed a moment after it was read last. */
export function sourceBytes(file: SourceFile, mayRead: () => Promise<void>): ByteSource {
  let handle: Promise<FileHandle> | undefined;
  let reading = 0;
  let timer: NodeJS.Timeout | undefined;
  function closeLater() {
    const opened = handle;
    timer = setTimeout(() => {
      handle = undefined;
      opened?.then((file) => file.close()).catch(() => {});
    }, idleMs);
    timer.unref();
  }
  return {
    size: file.size,
    async read(start, end) {
      clearTimeout(timer);
      reading++;
      handle ??= mayRead().then(() => openSame(file));
      const opened = handle;
      try {
        return await readSame(file, await opened, start, end);
      } catch (error) {
        if (handle === opened) handle = undefined;
        opened.then((file) => file.close()).catch(() => {});
        throw error;
      } finally {
        reading--;
        if (reading === 0 && handle) closeLater();
      }
    },
  };
}

async function openSame(file: SourceFile): Promise<FileHandle> {
  const handle = await open(file.path).catch((cause) => gone(file, cause));
  try {
    checkSame(file, handle);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What was read while it was written to is worth nothing. */
async function readSame(file: SourceFile, handle: FileHandle, start: number, end: number) {
  const bytes = await readRange(handle, start, end);
  checkSame(file, handle);
  return bytes;
}

const checkSame = (file: SourceFile, handle: FileHandle): void => compare(file, fstatSync(handle.fd));

function compare(file: SourceFile, { size, mtimeMs }: { size: number; mtimeMs: number }): void {
  if (size === file.size && mtimeMs === file.mtimeMs) return;
  throw new SourceLost({
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
  throw new SourceLost(
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

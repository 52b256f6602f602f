import { type FileHandle, open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Source } from "#models/onnx/import/fields";

export interface FileSource extends Source {
  close(): Promise<void>;
}

/** A file of this machine, read here and there; opened when it is first read. Undefined for what is no file. */
export async function openSource(path: string): Promise<FileSource | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  let handle: Promise<FileHandle> | undefined;
  return {
    size: found.size,
    async read(start, end) {
      const file = await (handle ??= open(path));
      const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
      return buffer.subarray(0, bytesRead);
    },
    close: async () => (await handle)?.close(),
  };
}

const chunkBytes = 2 ** 22;

/** All of a source, one part after the other. */
export function streamOf(source: Source): Readable {
  return Readable.from(chunksOf(source));
}

async function* chunksOf({ size, read }: Source): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < size; start += chunkBytes) yield await read(start, Math.min(size, start + chunkBytes));
}

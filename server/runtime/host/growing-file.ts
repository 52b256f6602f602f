import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { GrowingFile } from "#nodes/core/host";
import { type Blobs, temporaryFolder } from "../../storage/blobs";

/** A file aside of the store until it is whole. Nothing is left of one that cannot be written on. */
export function growingFile(blobs: Blobs): GrowingFile {
  const path = join(blobs.root, temporaryFolder, randomUUID());
  const discard = () => rm(path, { force: true });
  let isThere = false;
  return {
    async append(bytes) {
      if (!isThere) await mkdir(dirname(path), { recursive: true });
      isThere = true;
      await appendFile(path, bytes).catch(async (error) => {
        await discard();
        throw error;
      });
    },
    async store(head) {
      const parts = Readable.from(partsOf(head, isThere ? path : undefined));
      try {
        return await blobs.putStream(parts, Number.POSITIVE_INFINITY, { durable: false });
      } finally {
        await discard();
      }
    },
    discard,
  };
}

async function* partsOf(head: Uint8Array | undefined, path: string | undefined): AsyncGenerator<Uint8Array> {
  if (head) yield head;
  if (path) yield* createReadStream(path, { highWaterMark: 2 ** 20 });
}

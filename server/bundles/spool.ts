import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Blobs, BlobTooLarge, maxUpload, temporaryFolder } from "../storage/blobs";

/** Keeps what comes in a file while it is worked on: an archive is read from its end. */
export async function withSpooled<T>(
  source: Readable,
  blobs: Blobs,
  work: (path: string) => Promise<T>,
  most = maxUpload,
): Promise<T> {
  const folder = join(blobs.root, temporaryFolder);
  await mkdir(folder, { recursive: true });
  const path = join(folder, randomUUID());
  try {
    await pipeline(source, atMost(most), createWriteStream(path, { flags: "wx" }));
    return await work(path);
  } finally {
    await rm(path, { force: true });
  }
}

function atMost(most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > most ? new BlobTooLarge(most) : null, chunk);
    },
  });
}

import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Blobs, BlobTooLarge, maxUpload, temporaryFolder } from "../storage/blobs";

/** Keeps what comes in a file while it is worked on, since an archive is read from its end; tells its sha256. */
export async function withSpooled<T>(
  source: Readable,
  blobs: Blobs,
  work: (path: string, sha256: string) => Promise<T>,
  most = maxUpload,
): Promise<T> {
  const folder = join(blobs.root, temporaryFolder);
  await mkdir(folder, { recursive: true });
  const path = join(folder, randomUUID());
  try {
    const meter = atMost(most);
    await pipeline(source, meter.stream, createWriteStream(path, { flags: "wx" }));
    return await work(path, meter.sha256());
  } finally {
    await rm(path, { force: true });
  }
}

function atMost(most: number): { stream: Transform; sha256(): string } {
  const digest = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      digest.update(chunk);
      done(bytes > most ? new BlobTooLarge(most) : null, chunk);
    },
  });
  return { stream, sha256: () => digest.digest("hex") };
}

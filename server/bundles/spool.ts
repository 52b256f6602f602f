import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Blobs, maxUpload, metered, temporaryFolder } from "../storage/blobs";

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
    const meter = metered(most);
    await pipeline(source, meter.stream, createWriteStream(path, { flags: "wx" }));
    return await work(path, meter.sha256());
  } finally {
    await rm(path, { force: true });
  }
}

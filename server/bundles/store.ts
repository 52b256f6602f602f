import { rm } from "node:fs/promises";
import { relative } from "node:path";
import { Failure } from "../errors";
import { type Blobs, madeFolder } from "../storage/blobs";
import type { OpenedBundle } from "./open";

/**
 * Puts the files of a bundle into the store, then has done with them what shall be. Where either fails nothing is left,
 * but for what was there before.
 */
export async function withFilesStored<T>({ files }: OpenedBundle, blobs: Blobs, then: () => Promise<T>): Promise<T> {
  const added: string[] = [];
  try {
    for (const { ref, bytes, read } of files) {
      const isThere = await blobs.has(ref);
      if (isThere && !isSpare(ref, blobs)) continue;
      if (!isThere) added.push(ref);
      const stored = await blobs.putStream(await read(), bytes);
      if (stored.ref === ref) continue;
      added.push(stored.ref);
      throw new Failure({ message: "The bundle changed while it was read.", hint: "Open it again." });
    }
    return await then();
  } catch (error) {
    await Promise.all(added.map((ref) => rm(blobs.path(ref), { force: true })));
    throw error;
  }
}

/** What can be made again may be given up, and what came with a bundle cannot be made again. */
const isSpare = (ref: string, blobs: Blobs): boolean => relative(blobs.root, blobs.path(ref)).startsWith(madeFolder);

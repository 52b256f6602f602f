import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Preview } from "#nodes/core/preview";

/** Something that the user should know of a result. */
export interface StoredWarning {
  message: string;
  /** Another node that it is about, such as one upstream of a trainer. */
  node?: string;
}

/** What a node gave, by port, in stored form. */
export interface CacheEntry {
  type: string;
  outputs: Record<string, unknown>;
  previews: Record<string, Preview>;
  /** What was warned of while it was made; missing in entries of an older Patchbay. */
  warnings?: StoredWarning[];
}

/** Results of nodes by signature: small JSON files beside the blob store, shared by all workers of a machine. */
export interface Cache {
  get(signature: string): Promise<CacheEntry | undefined>;
  set(signature: string, entry: CacheEntry): Promise<void>;
}

/** Writes a file that appears whole or not at all. */
export async function writeWhole(
  path: string,
  data: string | Uint8Array | readonly Uint8Array[],
  { durable = false } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(aside, "wx");
    try {
      for (const part of Array.isArray(data) ? data : [data]) await file.writeFile(part);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

export function openCache(dir: string): Cache {
  const path = (signature: string) => join(dir, "results", signature.slice(0, 2), `${signature}.json`);
  return {
    async get(signature) {
      const text = await readFile(path(signature), "utf8").catch(() => undefined);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as CacheEntry;
      } catch {
        return undefined; // a damaged entry is a missing one: the node runs again
      }
    },
    set: (signature, entry) => writeWhole(path(signature), JSON.stringify(entry)),
  };
}

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Preview } from "#nodes/core/preview";
import type { StoredChunk } from "./rows";

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

/** What there is of a result whose rows are still being computed: whole chunks, by port. */
export interface PartialEntry {
  /** How many rows a chunk has, but for the last. */
  chunkRows: number;
  outputs: Record<string, StoredChunk[]>;
}

/** Results of nodes by signature: small JSON files beside the blob store, shared by all workers of a machine. */
export interface Cache {
  get(signature: string): Promise<CacheEntry | undefined>;
  /** Keeps a result. What there was of it before it was whole is let go of. */
  set(signature: string, entry: CacheEntry): Promise<void>;
  getPartial(signature: string): Promise<PartialEntry | undefined>;
  setPartial(signature: string, entry: PartialEntry): Promise<void>;
}

/** Writes a file, at once or part by part, that appears whole or not at all. */
export async function writeWhole(
  path: string,
  data: string | Uint8Array | Iterable<Uint8Array>,
  { durable = false } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(aside, "wx");
    try {
      for (const part of typeof data === "string" || data instanceof Uint8Array ? [data] : data)
        await file.writeFile(part);
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
  const pathOf = (signature: string, ending = "json") =>
    join(dir, "results", signature.slice(0, 2), `${signature}.${ending}`);
  return {
    get: (signature) => readUsed<CacheEntry>(pathOf(signature)),
    async set(signature, entry) {
      await writeWhole(pathOf(signature), JSON.stringify(entry));
      await rm(pathOf(signature, "partial.json"), { force: true });
    },
    getPartial: (signature) => readUsed<PartialEntry>(pathOf(signature, "partial.json")),
    setPartial: (signature, entry) => writeWhole(pathOf(signature, "partial.json"), JSON.stringify(entry)),
  };
}

/** A JSON file of the cache, which counts as used now. A damaged one is a missing one: it is made again. */
export async function readUsed<T>(path: string): Promise<T | undefined> {
  try {
    const known = JSON.parse(await readFile(path, "utf8")) as T;
    const now = new Date();
    await utimes(path, now, now).catch(() => {}); // a folder that cannot be written is read all the same
    return known;
  } catch {
    return undefined;
  }
}

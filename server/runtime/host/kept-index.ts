/** Indexes of files: where their rows lie, found by reading them once and kept in the cache folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KeepIndex } from "#models/files/table-file";
import type { SourceFile } from "#nodes/core/values";
import { sha256 } from "../../storage/blobs";
import { writeWhole } from "../cache";

/** Raised when indexes become others than they were. */
const indexVersion = 1;

export function keptIndex(cacheDir: string, { path, size, mtimeMs }: SourceFile): KeepIndex {
  return async (kind, make) => {
    const name = sha256(JSON.stringify([indexVersion, kind, path, size, mtimeMs]));
    const kept = join(cacheDir, "indexes", name.slice(0, 2), name);
    const known = await readFile(kept).catch(() => undefined);
    if (known) return new Uint8Array(known);
    const made = await make();
    await writeWhole(kept, made);
    return made;
  };
}

/** What lies in the data folder, by kind; and the giving up of what can be made again. */
import type { Dirent, Stats } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { heldFolder, madeFolder, temporaryFolder } from "./blobs";

/** A file of the data folder. */
export interface Found {
  kind: string;
  path: string;
  bytes: number;
  /** When it was last written, read or marked as used, in milliseconds. */
  used: number;
  /** Whether it can be made again, and nobody holds it. */
  spare: boolean;
}

/** How much there is of a kind. */
export interface KindOfFile {
  kind: string;
  files: number;
  bytes: number;
  spare: boolean;
}

/** What the folders of the cache hold. */
const cacheKinds: Record<string, string> = {
  results: "results of nodes",
  frozen: "frozen rows of trainings",
  pixels: "decoded pictures",
  indexes: "indexes of data sets",
};
const madeKind = "tensors, texts and pictures of results";
const halfKind = "half-written files";
/** Not a file of the cache: who uses it. */
export const usersFolder = "users";

/** Whoever writes a file touches it more often than this. */
const writingPause = 10 * 60_000;

/** How much there is of each kind. What can be made again comes first. */
export async function kindsOfFiles(data: string): Promise<KindOfFile[]> {
  const kinds = new Map<string, KindOfFile>();
  for await (const { kind, bytes, spare } of filesOf(data)) {
    const known = kinds.get(kind) ?? { kind, files: 0, bytes: 0, spare };
    kinds.set(kind, known);
    known.files++;
    known.bytes += bytes;
  }
  return [...kinds.values()].sort((a, b) => Number(b.spare) - Number(a.spare) || b.bytes - a.bytes);
}

/**
 * Gives up what of these files was used least lately, until they take no more than `limit` bytes. What was used since
 * `inUse` stays. Says how much went.
 */
export async function giveUp(
  spare: readonly Found[],
  limit: number,
  inUse: number,
): Promise<{ files: number; bytes: number }> {
  const gone = { files: 0, bytes: 0 };
  let left = bytesOf(spare);
  for (const { path, bytes, used, kind } of [...spare].sort((a, b) => a.used - b.used)) {
    if (left <= limit || used >= inUse) break;
    if (kind === halfKind && Date.now() - used < writingPause) continue;
    await rm(path, { force: true });
    left -= bytes;
    gone.files++;
    gone.bytes += bytes;
  }
  return gone;
}

/** Everything that can be made again. */
export async function spareFiles(data: string): Promise<Found[]> {
  const spare: Found[] = [];
  for await (const found of filesOf(data, ["blobs", "cache"])) if (found.spare) spare.push(found);
  return spare;
}

export const bytesOf = (files: readonly Pick<Found, "bytes">[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);

async function* filesOf(data: string, folders?: readonly string[]): AsyncGenerator<Found> {
  for (const folder of folders ?? (await readdir(data).catch(() => []))) {
    for await (const { path, inside, stats } of walk(join(data, folder))) {
      const { kind, spare } = kindOf(folder, inside, stats) ?? {};
      const used = Math.max(stats.mtimeMs, stats.atimeMs);
      if (kind !== undefined) yield { kind, path, bytes: stats.size, used, spare: spare === true };
    }
  }
}

/**
 * What a file is, by the folder of the data folder that it lies in and its path from there; nothing for second names.
 */
function kindOf(
  folder: string,
  [first = ""]: readonly string[],
  { nlink }: Stats,
): Pick<Found, "kind" | "spare"> | undefined {
  if (folder === "cache") {
    if (first === usersFolder) return undefined;
    return { kind: cacheKinds[first] ?? first, spare: true };
  }
  if (folder === "scratch") return { kind: "checkpoints of trainings that go on", spare: false };
  if (folder === "fetched") return { kind: "fetched models and data", spare: false };
  if (folder !== "blobs") return { kind: `${folder} (the database and its logs)`, spare: false };
  if (first === temporaryFolder) return { kind: halfKind, spare: true };
  if (first === heldFolder) return undefined;
  if (first !== madeFolder) return { kind: "uploads and weights", spare: false };
  return nlink > 1 ? { kind: "what runs show", spare: false } : { kind: madeKind, spare: true };
}

/** All files in a folder and the folders in it, with the names on the way. What vanishes meanwhile is left out. */
async function* walk(
  folder: string,
  inside: readonly string[] = [],
): AsyncGenerator<{ path: string; inside: readonly string[]; stats: Stats }> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const stats = await Promise.all(files.map((name) => lstat(join(folder, name)).catch(() => undefined)));
  for (const [i, name] of files.entries()) {
    const found = stats[i];
    if (found) yield { path: join(folder, name), inside: [...inside, name], stats: found };
  }
  for (const entry of entries) {
    if (entry.isDirectory()) yield* walk(join(folder, entry.name), [...inside, entry.name]);
  }
}

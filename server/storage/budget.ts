/** How much disk what can be made again may take, and who uses it now. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env } from "../env";
import { lives, nameOfProcess } from "../processes";
import { bytesOf, giveUp, spareFiles, usersFolder } from "./disk";

const most = 50 * 2 ** 30;
const pause = 60_000;

/** `PATCHBAY_DISK`; or 50 GB, or a fifth of what would be free without the bytes that can be made again. */
export async function diskLimit(data: string, spare: number): Promise<number> {
  const { disk } = env();
  if (disk !== undefined) return disk;
  const { bavail, bsize } = await statfs(data);
  return Math.min(most, Math.floor((bavail * bsize + spare) / 5));
}

/**
 * Says that this process uses the cache: what it uses from now on stays. Gives how to end that. Meanwhile, and in the
 * end, what is above the limit is given up. Where that cannot be written down, such as on a full disk, what is given up
 * meanwhile is made again.
 */
export async function beginCacheUse(data: string): Promise<() => Promise<void>> {
  const users = join(data, "cache", usersFolder);
  const marker = join(users, randomUUID());
  const end = () => rm(marker, { force: true });
  try {
    await mkdir(users, { recursive: true });
    await writeFile(marker, await nameOfProcess());
  } catch {
    await end().catch(() => {});
  }
  const timer = setInterval(() => void keepWithin(data), pause).unref();
  return async () => {
    clearInterval(timer);
    await end().catch(() => {});
    await keepWithin(data);
  };
}

/**
 * Gives up what is above the limit. A failure to do so, such as on a folder that cannot be written, is not the run's.
 */
async function keepWithin(data: string): Promise<void> {
  try {
    const inUse = await inUseSince(data);
    const spare = await spareFiles(data);
    await giveUp(spare, await diskLimit(data, bytesOf(spare)), inUse);
  } catch {
    // The next one tries again.
  }
}

/** When the first of those that use the cache now began to; in milliseconds. */
export async function inUseSince(data: string): Promise<number> {
  const users = join(data, "cache", usersFolder);
  let first = Number.POSITIVE_INFINITY;
  for (const name of await readdir(users).catch(() => [])) {
    const path = join(users, name);
    const [who, found] = await Promise.all([readFile(path, "utf8").catch(() => ""), stat(path).catch(() => undefined)]);
    if (who && !(await lives(who))) await rm(path, { force: true });
    else if (found) first = Math.min(first, found.mtimeMs);
  }
  return first;
}

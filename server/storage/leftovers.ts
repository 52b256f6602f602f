import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const day = 86_400_000;
/**
 * What killed processes leave, and for how long it may still be of use: half-written files, and checkpoints from which
 * a training goes on when it is run again.
 */
const keptFor = { "blobs/tmp": day, scratch: 14 * day };

/** Removes what nobody came back for. What is being written is younger than that. */
export async function removeLeftovers(data: string, now = Date.now()): Promise<void> {
  for (const [folder, age] of Object.entries(keptFor)) {
    for (const name of await readdir(join(data, folder)).catch(() => [])) {
      if (name.endsWith(".lock")) continue; // whoever waits for it finds out by itself
      const path = join(data, folder, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
      if (now - mtimeMs > age) await rm(path, { recursive: true, force: true }).catch(() => {});
    }
  }
}

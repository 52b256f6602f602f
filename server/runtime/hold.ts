import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Cancelled } from "../errors";
import { lives, nameOfProcess } from "../processes";

/**
 * Waits until no living process of this machine holds the path, then holds it, and returns how to let go. A process
 * that was killed holds nothing. Throws `Cancelled` when the signal comes first.
 */
export async function hold(path: string, signal: AbortSignal, onWait: () => void): Promise<() => Promise<void>> {
  const holderName = await nameOfProcess();
  await mkdir(dirname(path), { recursive: true });
  for (let waits = 0; ; waits++) {
    if (signal.aborted) throw new Cancelled();
    const held = await writeFile(path, holderName, { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
        return false;
      },
    );
    if (held) return () => rm(path, { force: true });
    const holder = await readFile(path, "utf8").catch(() => "");
    if (holder && !(await lives(holder))) await rm(path, { force: true });
    else {
      if (waits === 0) onWait();
      await sleep(200);
    }
  }
}

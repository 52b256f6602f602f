import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Cancelled } from "../errors";

/**
 * Waits until no living process of this machine holds the path, then holds it, and returns how to let go. A process
 * that was killed holds nothing. Throws `Cancelled` when the signal comes first.
 */
export async function hold(path: string, signal: AbortSignal, onWait: () => void): Promise<() => Promise<void>> {
  const holderName = `${process.pid} ${await startOf(process.pid)}`;
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
    const [pid = "", start] = holder.split(" ");
    if (start !== undefined && (await startOf(Number(pid))) !== start) await rm(path, { force: true });
    else {
      if (waits === 0) onWait();
      await sleep(200);
    }
  }
}

/**
 * When a living process started, which tells it from a later one with its number; where the system does not say, only
 * that it lives.
 */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    const [state, ...fields] = (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""))
      .replace(/^.*\) /s, "")
      .split(" "); // proc(5): state is the third field
    return state === "Z" ? undefined : fields[18];
  }
  try {
    process.kill(pid, 0);
    return "alive";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "alive" : undefined;
  }
}

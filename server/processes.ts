/** Processes of this machine by names that no later process has. */
import { readFile } from "node:fs/promises";

/** The name of this process: its number, and when it started. */
export async function nameOfProcess(): Promise<string> {
  return `${process.pid} ${await startOf(process.pid)}`;
}

/** Whether a process of that name still lives. Half a name, of one that is being written, may be anyone's. */
export async function lives(name: string): Promise<boolean> {
  const [pid = "", start] = name.split(" ");
  return start === undefined || (await startOf(Number(pid))) === start;
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

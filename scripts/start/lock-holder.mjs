/** Who holds the lock of a data folder. */
import { existsSync, readFileSync } from "node:fs";
import { isAlive } from "./lifecycle.mjs";

/** The start that holds a lock, if it still runs: numbers of processes are used again, after a boot and before. */
export function lockHolder(lock) {
  try {
    const holder = JSON.parse(readFileSync(lock, "utf8"));
    if (holder.boot !== bootId() || !isAlive(holder.pid)) return undefined;
    const isStart = !existsSync("/proc") || readFileSync(`/proc/${holder.pid}/cmdline`, "latin1").includes("start.mjs");
    return isStart ? holder : undefined;
  } catch {
    return undefined; // no lock, or half of one
  }
}

export function bootId() {
  const file = "/proc/sys/kernel/random/boot_id";
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}

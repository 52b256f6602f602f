import { readFileSync, writeFileSync } from "node:fs";

/**
 * The most memory that this process held since it was made: all of it, with what a run before left. Linux tells it
 * exactly; elsewhere it is the process's highest mark where that rose, and else the most that was seen when asked.
 */
export class PeakMemory {
  readonly #isExact = resetHighest();
  readonly #highestBefore = highestOfProcess();
  #seen = 0;

  /** In bytes. It never falls, though Linux's mark is a few pages off from one look to the next. */
  get bytes(): number {
    this.#seen = Math.max(this.#seen, process.memoryUsage.rss(), this.#mark());
    return this.#seen;
  }

  /** The system's own mark of the highest, where it rose since then. */
  #mark(): number {
    if (this.#isExact) return highestSinceReset();
    const highest = highestOfProcess();
    return highest > this.#highestBefore ? highest : 0;
  }
}

const highestOfProcess = (): number => process.resourceUsage().maxRSS * 1024;

/** Has Linux begin its mark of the highest anew (proc(5), /proc/pid/clear_refs). */
function resetHighest(): boolean {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    return highestSinceReset() > 0;
  } catch {
    return false; // another system, or it may not be written
  }
}

function highestSinceReset(): number {
  const [, kibibytes = "0"] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

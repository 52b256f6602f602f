import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { RunEvent } from "#nodes/graph/events";

const sampledEvery = 200;
/** While the same nodes go on, more is told this often. */
const toldEvery = 2000;
const worthTelling = 2 ** 20;

/**
 * Watches from outside how much memory the computing process holds, since that computes on its only thread, and tells
 * the most of it for the nodes that were computed meanwhile.
 */
export class MemoryWatch {
  readonly #running = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #most = 0;
  #told = 0;
  #toldAt = 0;

  constructor(
    readonly pid: number,
    readonly tell: (event: RunEvent) => void,
    readonly heldBy: (pid: number) => Promise<number> = bytesHeldBy,
  ) {
    this.#timer = setInterval(() => void this.sample(), sampledEvery);
  }

  async sample(): Promise<void> {
    this.#most = Math.max(this.#most, await this.heldBy(this.pid));
    if (Date.now() - this.#toldAt >= toldEvery) this.#flush();
  }

  /** Hears what the run tells: which nodes are computed. */
  note(event: RunEvent): void {
    if (event.kind === "node-start") this.#turn(() => this.#running.add(event.node));
    if (event.kind === "node-done" || event.kind === "node-failed") this.#turn(() => this.#running.delete(event.node));
  }

  end(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  /** Other nodes are computed from now on. */
  #turn(change: () => void): void {
    this.#flush();
    change();
    this.#most = 0;
    this.#told = 0;
  }

  #flush(): void {
    if (!this.#running.size || this.#most < this.#told + worthTelling) return;
    this.tell({ kind: "memory", nodes: [...this.#running], bytes: this.#most });
    this.#told = this.#most;
    this.#toldAt = Date.now();
  }
}

const pageBytes = 4096;
const run = promisify(execFile);

/** Bytes of a process that are in memory; 0 where the system does not say. */
async function bytesHeldBy(pid: number): Promise<number> {
  try {
    if (process.platform === "linux") {
      const [, resident] = (await readFile(`/proc/${pid}/statm`, "utf8")).split(" ");
      return Number(resident) * pageBytes;
    }
    if (process.platform === "win32") return 0;
    return Number((await run("ps", ["-o", "rss=", "-p", String(pid)])).stdout) * 1024;
  } catch {
    return 0; // it has ended
  }
}

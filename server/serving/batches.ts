/** Gathers calls that may be computed together, and has them computed: some at a time, and no more than can be done. */
import { Busy } from "./calls";

export interface Waiting {
  /** Calls of one key are computed together. */
  key: string;
  rows: number;
  /** Undefined while it waits; afterwards it is too late to leave. */
  isGone?: boolean;
}

export interface BatchRules {
  /** Milliseconds for which the first call waits for others. */
  window: number;
  /** Rows that are computed together. */
  mostRows: number;
  /** Batches that are on their way at once: pictures of one are decoded while another one is computed. */
  atOnce: number;
  /** Seconds of work that may wait; more is refused. */
  mostSeconds: number;
}
export const usualRules: BatchRules = { window: 4, mostRows: 16, atOnce: 2, mostSeconds: 2 };

/** So many rows may wait, however long they take. */
const fewRows = 64;

export class Batches<C extends Waiting> {
  readonly #waiting: C[] = [];
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds that a row took lately. */
  #msPerRow = 0;

  constructor(
    readonly compute: (calls: readonly C[]) => Promise<void>,
    readonly rules: BatchRules = usualRules,
  ) {}

  /** Takes a call in. Throws `Busy` where what waits already takes too long. */
  add(call: C): void {
    const rows = this.#waiting.reduce((sum, waiting) => sum + waiting.rows, 0);
    const seconds = (rows * this.#msPerRow) / 1000;
    if (rows > fewRows && seconds > this.rules.mostSeconds) throw new Busy(Math.max(1, Math.ceil(seconds)));
    this.#waiting.push(call);
    if (this.#isFull()) this.#next();
    else this.#timer ??= setTimeout(() => this.#next(), this.#running ? this.rules.window * 4 : this.rules.window);
  }

  #isFull(): boolean {
    const [first] = this.#waiting;
    const rows = this.#waiting.reduce((sum, { key, rows: own }) => sum + (key === first?.key ? own : 0), 0);
    return rows >= this.rules.mostRows;
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#running < this.rules.atOnce && this.#waiting.length) void this.#run(this.#taken());
  }

  /** The first call, and those behind it that may go with it. */
  #taken(): C[] {
    const [first] = this.#waiting;
    const taken: C[] = [];
    let rows = 0;
    for (const call of [...this.#waiting]) {
      if (call.key !== first?.key || (taken.length && rows + call.rows > this.rules.mostRows)) continue;
      this.#waiting.splice(this.#waiting.indexOf(call), 1);
      if (call.isGone) continue;
      rows += call.rows;
      taken.push(call);
    }
    return taken;
  }

  async #run(calls: readonly C[]): Promise<void> {
    if (!calls.length) return;
    const rows = calls.reduce((sum, call) => sum + call.rows, 0);
    const began = performance.now();
    this.#running++;
    try {
      await this.compute(calls);
    } finally {
      this.#running--;
      const ms = (performance.now() - began) / Math.max(1, rows);
      this.#msPerRow = this.#msPerRow ? 0.8 * this.#msPerRow + 0.2 * ms : ms;
      if (this.#waiting.length) this.#next();
    }
  }
}

/** What a stream tells while it goes on: rows, rows per second, time left, and which side waits for the other. */
import type { ReadAhead } from "./stream-ahead";
import type { OpenStream } from "./stream-rows";

export class StreamProgress {
  /** Rows that an earlier run has kept. */
  rowsBefore = 0;
  ahead: ReadAhead | undefined;
  readonly #started = performance.now();
  /** How far each node is: what works ahead tells before the others. */
  readonly #told = new Map<string, number>();

  constructor(readonly stream: OpenStream) {}

  /** Some nodes have done all rows up to this one. */
  tell(done: number, nodes: Iterable<string>): void {
    if (done <= this.rowsBefore) return;
    const { context, rows } = this.stream;
    for (const node of nodes) {
      const farthest = Math.max(done, this.#told.get(node) ?? 0);
      this.#told.set(node, farthest);
      context.tell({ kind: "node-progress", node, done: farthest, of: rows, note: this.#note(farthest) });
    }
  }

  #note(done: number): string | undefined {
    const { rowsBefore } = this;
    const { rows } = this.stream;
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = (done - rowsBefore) / Math.max(seconds, 0.001);
    const parts: string[] = [];
    if (seconds > 1) parts.push(`${rate.toFixed(rate < 10 ? 1 : 0)} rows/s`);
    if (seconds > 1 && done < rows) parts.push(`${timeText((rows - done) / rate)} left`);
    if (seconds > 1) parts.push(...this.#waiting(seconds));
    if (rowsBefore) parts.push(`${rowsBefore.toLocaleString("en")} rows were kept before`);
    return parts.length ? parts.join(", ") : undefined;
  }

  /** Which side waited how much of the time. */
  #waiting(seconds: number): string[] {
    if (!this.ahead) return [];
    const { waitedMs, busyMs, threads } = this.ahead;
    const model = Math.round(waitedMs / seconds / 10);
    if (!threads) return [`the model waits for data ${model} % of the time`];
    const data = Math.max(0, Math.round(100 - busyMs / threads / seconds / 10));
    return [model > data ? `the model waits for data ${model} % of the time` : `data waits for the model ${data} %`];
  }
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

import type { RunEvent, TimedEvent } from "#nodes/graph/events";

/** Milliseconds between two writes of what a run told. */
const flushEvery = 150;

/** Writes down what a run tells, a moment later and in order. */
export class Diary {
  #waiting: TimedEvent[] = [];
  #writing = Promise.resolve();
  readonly #timer = setInterval(() => this.#flush(), flushEvery);

  constructor(
    readonly write: (events: RunEvent[]) => Promise<void>,
    readonly onRefused: (error: unknown) => void,
  ) {}

  note(event: RunEvent): void {
    this.#waiting.push({ ...event, at: Date.now() }); // it is written later
  }

  /** Stops writing, and waits until what was begun is written. */
  async written(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
  }

  /** Stops writing, and gives what is not written yet. */
  close(): RunEvent[] {
    clearInterval(this.#timer);
    return this.#takeWaiting();
  }

  #takeWaiting(): RunEvent[] {
    const events = withoutOldProgress(this.#waiting);
    this.#waiting = [];
    return events;
  }

  #flush(): void {
    const events = this.#takeWaiting();
    if (events.length) this.#writing = this.#writing.then(() => this.write(events)).catch(this.onRefused);
  }
}

/** Of progress that nobody could have seen, only the last; everything else stays. */
function withoutOldProgress(events: readonly RunEvent[]): RunEvent[] {
  const last = new Map<string, RunEvent>();
  for (const event of events) {
    if (event.kind === "node-progress") last.set(event.node, event);
  }
  return events.filter((event) => event.kind !== "node-progress" || last.get(event.node) === event);
}

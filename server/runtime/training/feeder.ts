import type { Batch, Batches } from "./batches";
import type { DrawnRows } from "./drawn-rows";

/** How many batches each thread is ahead. */
const batchesAhead = 2;

/**
 * Has batches drawn ahead of the step, as many as threads are there for. A batch is a function of its number alone, so
 * it is the same whatever the number of threads; until the first one has started, batches are drawn when they are asked
 * for.
 */
export class Feeder {
  readonly #ordered = new Map<number, Promise<Batch>>();

  constructor(
    readonly batches: Batches,
    readonly source: DrawnRows,
    /** Endpoints that the step reads. */
    readonly reads: ReadonlySet<string>,
    readonly count: number,
  ) {}

  /** How many batches are drawn at a time before they are asked for. */
  get ahead(): number {
    return batchesAhead * this.source.threads;
  }

  batch(index: number): Promise<Batch> {
    const drawn = this.#order(index);
    const lastAhead = Math.min(this.count, index + this.ahead);
    for (let next = index + 1; next <= lastAhead; next++) void this.#order(next);
    this.#ordered.delete(index);
    return drawn;
  }

  /** Has a batch drawn, once. */
  #order(index: number): Promise<Batch> {
    const batch = this.#ordered.get(index) ?? this.batches.batch(index, this.reads);
    batch.catch(() => {}); // it may fail before anybody waits for it
    this.#ordered.set(index, batch);
    return batch;
  }
}

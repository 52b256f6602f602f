import { endpointKey } from "#nodes/graph/resolve";
import { Cancelled, Failure, toPublic } from "../../errors";
import { openRowWork, type RowWork } from "../data-threads/pool";
import { type Given, TaskError } from "../data-threads/task";
import type { Batch, Batches } from "./batches";
import type { PreparedStage, Training } from "./state";

/** What gives a stage its batches. */
export interface Feeder {
  batch(index: number): Promise<Batch>;
  close(): Promise<void>;
}

/** A thread takes a second to start: a stage that draws fewer batches is over by then. */
const fewBatches = 50;

/** Rows are cut as they are asked for; what random nodes make of them is made ahead, in threads. */
export function feederFor(training: Training, { spec, cone, batches, built }: PreparedStage): Feeder {
  const { graph, document, blobs, cacheDir, folders, dataThreads, hostFor } = training;
  const count = spec.stage.steps * training.request.accumulate;
  if (!cone.stepwise.length || !document || dataThreads === 0 || count < fewBatches)
    return directFeeder(batches, built.reads);
  const names = cone.rows.map(endpointKey).filter((name) => !batches.isBatched(name));
  const whole = new Map(names.map((name) => [name, batches.whole(name)]));
  const work = openRowWork({ graph, document, whole, blobs, cacheDir, folders, hostFor }, dataThreads);
  return new ThreadedFeeder({ batches, work, nodes: cone.stepwise, reads: built.reads, count });
}

/** Draws each batch when it is asked for, on the calling thread: rows are only cut. */
function directFeeder(batches: Batches, reads: readonly string[]): Feeder {
  const wanted = new Set(reads);
  return { batch: (index) => batches.batch(index, wanted), close: async () => {} };
}

/** How many batches each thread is ahead. */
const batchesAhead = 2;

interface Drawing {
  batches: Batches;
  work: RowWork;
  /** What runs anew for each batch. */
  nodes: readonly string[];
  /** Endpoints that the step reads. */
  reads: readonly string[];
  count: number;
}

/**
 * Draws batches in threads. A batch is a function of its number alone, so it is the same whatever the number of
 * threads; until the first thread has started, batches are drawn on the calling one.
 */
class ThreadedFeeder implements Feeder {
  readonly #wanted: ReadonlySet<string>;
  readonly #readByNodes: readonly string[];
  readonly #ordered = new Map<number, Promise<Batch>>();

  constructor(readonly drawing: Drawing) {
    const { nodes, reads, work } = drawing;
    const read = nodes.flatMap((id) => Object.values(work.work.graph.nodes.get(id)?.inputs ?? {}).flat());
    this.#wanted = new Set(reads);
    this.#readByNodes = [...new Set(read.map(endpointKey))];
  }

  batch(index: number): Promise<Batch> {
    const { work, count } = this.drawing;
    const drawn = this.#order(index);
    const lastAhead = Math.min(count, index + batchesAhead * work.ready);
    for (let next = index + 1; next <= lastAhead; next++) void this.#order(next);
    this.#ordered.delete(index);
    return drawn;
  }

  async close(): Promise<void> {
    this.drawing.work.close();
  }

  /** Has a batch drawn, once. */
  #order(index: number): Promise<Batch> {
    const batch = this.#ordered.get(index) ?? this.#draw(index);
    batch.catch(() => {}); // it may fail before anybody waits for it
    this.#ordered.set(index, batch);
    return batch;
  }

  async #draw(index: number): Promise<Batch> {
    const { batches, work, nodes, reads } = this.drawing;
    const { rows, values, seed } = batches.cut(index, this.#wanted);
    const given = this.#readByNodes.flatMap((name): [string, Given][] =>
      batches.isBatched(name) && values.has(name) ? [[name, { value: values.get(name) }]] : [],
    );
    const made = reads.filter((name) => !values.has(name));
    const done = await work.run({ nodes, given, reads: made, seed }).catch(tell);
    for (const [name, value] of done.values) values.set(name, value);
    return { rows, values };
  }
}

/** Which of the nodes it was goes along with what went wrong. */
function tell(error: unknown): never {
  if (!(error instanceof TaskError)) throw error;
  if (error.cause instanceof Cancelled) throw error.cause;
  throw new Failure(toPublic(error.cause, { node: error.node }), { cause: error.cause });
}

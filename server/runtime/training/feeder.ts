import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Tensor } from "#nodes/core/values";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import type { Cone } from "#nodes/graph/plan";
import { endpointKey } from "#nodes/graph/resolve";
import { Failure, toPublic } from "../../errors";
import type { Batch, Batches } from "./batches";
import type { PreparedStage, Training } from "./state";

/** What a thread needs to draw batches by itself. */
export interface ThreadData {
  document: GraphDocument;
  node: string;
  cone: Cone;
  batchSize: number;
  seed: number;
  stage: number;
  distinct?: string[];
  bucket?: string[];
  /** What lies there before the training, by endpoint; the numbers are in shared memory. */
  given: [endpoint: string, value: unknown][];
  /** Endpoints that the step reads. */
  reads: string[];
  blobs: string;
  cacheDir: string;
  folders: readonly string[];
}
export type FromThread =
  | { kind: "ready" }
  | { kind: "batch"; index: number; rows: Uint32Array; values: [string, unknown][] }
  | { kind: "failed"; index: number; error: PublicError };

/** What gives a stage its batches. */
export interface Feeder {
  batch(index: number): Promise<Batch>;
  close(): Promise<void>;
}

/** A thread takes a second to start: a stage that draws fewer batches is over by then. */
const fewBatches = 50;

/** Rows are cut as they are asked for; what random nodes make of them is made ahead, in threads. */
export function feederFor(training: Training, { index, spec, cone, batches, built }: PreparedStage): Feeder {
  const { document, node, request, blobs, cacheDir, folders } = training;
  const { dataThreads = Math.max(1, Math.min(4, availableParallelism() - 1)) } = training;
  const { batchSize, seed, distinct, bucket, accumulate } = request;
  const count = spec.stage.steps * accumulate;
  if (!cone.stepwise.length || !document || dataThreads === 0 || count < fewBatches)
    return directFeeder(batches, built.reads);
  const data: ThreadData = {
    document,
    node,
    cone,
    batchSize,
    seed,
    stage: index,
    distinct,
    bucket,
    given: cone.rows.map((from) => [endpointKey(from), batches.whole(endpointKey(from))]),
    reads: built.reads,
    blobs: blobs.root,
    cacheDir,
    folders,
  };
  return new ThreadedFeeder(batches, data, count, dataThreads);
}

/** Draws each batch when it is asked for, on the calling thread: rows are only cut. */
function directFeeder(batches: Batches, reads: readonly string[]): Feeder {
  const wanted = new Set(reads);
  return { batch: (index) => batches.batch(index, wanted), close: async () => {} };
}

/** How many batches each thread is ahead. */
const batchesAhead = 2;

interface OrderedBatch {
  promise: Promise<Batch>;
  settle(message: FromThread): void;
}

/**
 * Draws batches in threads. A batch is a function of its number alone, so it is the same whatever the number of
 * threads; until the first thread has started, batches are drawn on the calling one.
 */
class ThreadedFeeder implements Feeder {
  readonly #wanted: ReadonlySet<string>;
  readonly #ordered = new Map<number, OrderedBatch>();
  readonly #ready: Worker[] = [];
  readonly #workers: Worker[];

  constructor(
    readonly batches: Batches,
    data: ThreadData,
    readonly count: number,
    threads: number,
  ) {
    this.#wanted = new Set(data.reads);
    const shared = { ...data, given: data.given.map(([name, value]): [string, unknown] => [name, share(value)]) };
    this.#workers = Array.from({ length: threads }, () => this.#startThread(shared));
  }

  async batch(index: number): Promise<Batch> {
    const isOrdered = this.#ready.length > 0 || this.#ordered.has(index);
    const drawn = isOrdered ? this.#order(index) : this.batches.batch(index, this.#wanted);
    if (this.#ready.length) {
      const lastAhead = Math.min(this.count, index + batchesAhead * this.#ready.length);
      for (let next = index + 1; next <= lastAhead; next++) void this.#order(next);
    }
    const batch = await drawn;
    this.#ordered.delete(index);
    return batch;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #startThread(workerData: ThreadData): Worker {
    const worker = new Worker(new URL("./batch-thread.ts", import.meta.url), {
      workerData,
      execArgv: ["--import", "tsx"],
    });
    worker.on("message", (message: FromThread) => {
      if (message.kind === "ready") this.#ready.push(worker);
      else this.#ordered.get(message.index)?.settle(message);
    });
    worker.on("error", (error) => {
      // A thread that died draws nothing any more: the others, or the calling thread, go on.
      const place = this.#ready.indexOf(worker);
      if (place >= 0) this.#ready.splice(place, 1);
      for (const [index, { settle }] of this.#ordered) settle({ kind: "failed", index, error: toPublic(error) });
    });
    worker.unref();
    return worker;
  }

  /** Has a thread draw a batch, once. */
  #order(index: number): Promise<Batch> {
    const known = this.#ordered.get(index);
    if (known) return known.promise;
    let settle: OrderedBatch["settle"] = () => {};
    const promise = new Promise<Batch>((resolve, reject) => {
      settle = (message) => {
        if (message.kind === "batch") resolve({ rows: message.rows, values: new Map(message.values) });
        if (message.kind === "failed") reject(new Failure(message.error));
      };
    });
    promise.catch(() => {}); // it may fail before anybody waits for it
    this.#ordered.set(index, { promise, settle });
    this.#ready[index % this.#ready.length]?.postMessage(index);
    return promise;
  }
}

/** A value whose numbers lie in memory that threads share. */
function share(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("pixels" in value) return { pixels: share(value.pixels) };
  const tensor = value as Partial<Tensor>;
  if (!ArrayBuffer.isView(tensor.data)) return value;
  const { buffer, byteOffset, byteLength, constructor } = tensor.data;
  const memory = new SharedArrayBuffer(byteLength);
  new Uint8Array(memory).set(new Uint8Array(buffer, byteOffset, byteLength));
  return { ...tensor, data: new (constructor as Float32ArrayConstructor)(memory as unknown as ArrayBuffer) };
}

import { Worker } from "node:worker_threads";
import type { Tensor } from "#nodes/core/values";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import type { Cone } from "#nodes/graph/plan";
import { Failure } from "../../errors";
import type { Batch, Batches } from "./batches";

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

/** Batches drawn ahead of the step that reads them. */
export interface Feeder {
  batch(index: number): Promise<Batch>;
  close(): Promise<void>;
}

/** Draws each batch when it is asked for, on the calling thread: rows are only cut. */
export const directFeeder = (batches: Batches, reads: readonly string[]): Feeder => {
  const wanted = new Set(reads);
  return { batch: (index) => batches.batch(index, wanted), close: async () => {} };
};

/** How many batches each thread is ahead. */
const ahead = 2;

/**
 * Draws batches in threads. A batch is a function of its number alone, so it is the same whatever the number of threads; until the first
 * thread has started, batches are drawn on the calling one.
 */
export function threadedFeeder(batches: Batches, data: ThreadData, last: number, threads: number): Feeder {
  const wanted = new Set(data.reads);
  const waiting = new Map<number, { promise: Promise<Batch>; settle(message: FromThread): void }>();
  const ready: Worker[] = [];
  const shared = { ...data, given: data.given.map(([name, value]): [string, unknown] => [name, share(value)]) };
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL("./batch-thread.ts", import.meta.url), {
      workerData: shared,
      execArgv: ["--import", "tsx"],
    });
    worker.on("message", (message: FromThread) =>
      message.kind === "ready" ? ready.push(worker) : waiting.get(message.index)?.settle(message),
    );
    worker.on("error", (error) => {
      // A thread that died draws nothing any more: the others, or the calling thread, go on.
      ready.splice(ready.indexOf(worker) >>> 0, 1);
      for (const [index, { settle }] of waiting) settle({ kind: "failed", index, error: { message: error.message } });
    });
    worker.unref();
    return worker;
  });
  const order = (index: number): Promise<Batch> => {
    const known = waiting.get(index);
    if (known) return known.promise;
    let settle: (message: FromThread) => void = () => {};
    const promise = new Promise<Batch>((resolve, reject) => {
      settle = (message) => {
        if (message.kind === "batch") resolve({ rows: message.rows, values: new Map(message.values) });
        else if (message.kind === "failed") reject(new Failure(message.error));
      };
    });
    promise.catch(() => {}); // it may fail before anybody waits for it
    waiting.set(index, { promise, settle });
    ready[index % ready.length]?.postMessage(index);
    return promise;
  };
  return {
    async batch(index) {
      const drawn = ready.length || waiting.has(index) ? order(index) : batches.batch(index, wanted);
      if (ready.length)
        for (let next = index + 1; next <= Math.min(last, index + ahead * ready.length); next++) void order(next);
      const batch = await drawn;
      waiting.delete(index);
      return batch;
    },
    close: async () => void (await Promise.all(workers.map((w) => w.terminate()))),
  };
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

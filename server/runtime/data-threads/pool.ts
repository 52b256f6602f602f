/**
 * Threads in which host nodes run ahead of a model: the runtime computes on the calling thread. They are started when
 * they are first asked for, and kept for the next run.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Host } from "#nodes/core/host";
import type { GraphDocument } from "#nodes/graph/document";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import type { Blobs } from "../../storage/blobs";
import { type FromThread, type OpenedGraph, receivedError, sentCopy, shared, type ToThread } from "./messages";
import { type Done, doTask, type Given, type Seed, type Task, TaskError } from "./task";

/** Whose host nodes are run, and on what. */
export interface Work {
  graph: ResolvedGraph;
  /** The graph as a thread can read it; absent where its node types are not the product's own. */
  document?: GraphDocument;
  /** Values that are the same for every task, by "node.port". */
  whole: ReadonlyMap<string, unknown>;
  blobs: Blobs;
  cacheDir: string;
  folders?: readonly string[];
  allowRemote?: boolean;
  /** The machine as a node sees it here: it hears what is told in a thread. */
  hostFor(node: string, seed: Seed): Host;
}

/** As many as leave one core for the model. */
export const usualThreads = Math.max(1, Math.min(4, availableParallelism() - 1));

/** Opens a graph for tasks. A thread takes a second to start; what is asked for before is done on the calling one. */
export function openRowWork(work: Work, threads = usualThreads): RowWork {
  const used = work.document ? threadsOf(threads) : [];
  return new RowWork(work, used);
}

const threads: DataThread[] = [];

function threadsOf(count: number): readonly DataThread[] {
  for (let i = threads.length - 1; i >= 0; i--) {
    if (threads[i]?.isOver) threads.splice(i, 1);
  }
  while (threads.length < count) threads.push(new DataThread());
  return threads.slice(0, count);
}

let lastNumber = 0;

/** A graph that is open for tasks. What a task gives depends on nothing but the task, wherever it is done. */
export class RowWork {
  readonly #number = ++lastNumber;
  readonly #openedIn = new Set<DataThread>();
  #opened: OpenedGraph | undefined;
  constructor(
    readonly work: Work,
    readonly threads: readonly DataThread[],
  ) {}

  /** How many threads have started. */
  get ready(): number {
    return this.#readyThreads().length;
  }

  /** Does a task in the thread that has the least to do, or here while there is none. */
  async run(task: Task, hostFor = this.work.hostFor): Promise<Done> {
    const { graph, whole, blobs } = this.work;
    const [thread] = this.#readyThreads().toSorted((one, other) => one.tasks - other.tasks);
    if (!thread) return doTask(task, graph, whole, blobs, hostFor);
    if (!this.#openedIn.has(thread)) thread.tell({ kind: "open", graph: this.#number, opened: this.#openedGraph() });
    this.#openedIn.add(thread);
    try {
      return await thread.run(this.#number, task, (node) => hostFor(node, task.seed));
    } catch (error) {
      if (error instanceof TaskError || !thread.isOver) throw error;
      return this.run(task, hostFor); // the thread died: the others, or the calling one, go on
    }
  }

  /** Tasks that are under way stop. */
  close(): void {
    for (const thread of this.#openedIn) thread.tell({ kind: "close", graph: this.#number });
  }

  #readyThreads(): DataThread[] {
    return this.threads.filter((thread) => thread.isReady && !thread.isOver);
  }

  #openedGraph(): OpenedGraph {
    const { document, whole, blobs, cacheDir, folders = [], allowRemote = false } = this.work;
    this.#opened ??= {
      document: document as GraphDocument,
      whole: [...whole].map(([endpoint, value]) => [endpoint, shared(value)] as const),
      blobs: blobs.root,
      cacheDir,
      folders,
      allowRemote,
    };
    return this.#opened;
  }
}

interface Waiting {
  hostFor(node: string): Host;
  resolve(done: Done): void;
  reject(error: unknown): void;
}

let lastTask = 0;

class DataThread {
  isReady = false;
  /** It died, and does nothing any more. */
  isOver = false;
  readonly #waiting = new Map<number, Waiting>();
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(new URL("./thread-start.mjs", import.meta.url), { execArgv: [] });
    this.#worker.on("message", (message: FromThread) => this.#hear(message));
    this.#worker.on("error", (error) => {
      process.emitWarning(`A data thread has ended: ${error.message}`); // for the log: the work goes on without it
      this.#end(error);
    });
    this.#worker.on("exit", () => this.#end(new Error("A data thread has ended.")));
    this.#worker.unref();
  }

  /** How many tasks it has not done yet. */
  get tasks(): number {
    return this.#waiting.size;
  }

  tell(message: ToThread, memory: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, memory);
  }

  run(graph: number, task: Task, hostFor: Waiting["hostFor"]): Promise<Done> {
    const id = ++lastTask;
    const memory: ArrayBuffer[] = [];
    const given = task.given.map(([endpoint, each]): [string, Given] => {
      if (!("value" in each)) return [endpoint, each];
      const sent = sentCopy(each.value);
      memory.push(...sent.memory);
      return [endpoint, { value: sent.value }];
    });
    this.tell({ kind: "task", graph, id, task: { ...task, given } }, memory);
    this.#worker.ref(); // the process waits for it
    return new Promise((resolve, reject) => this.#waiting.set(id, { hostFor, resolve, reject }));
  }

  #hear(message: FromThread): void {
    if (message.kind === "ready") {
      this.isReady = true;
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (message.kind === "warning") waiting?.hostFor(message.node).warn(message.message);
    if (message.kind === "progress") waiting?.hostFor(message.node).progress(message.done, message.of, message.note);
    if (message.kind === "done" || message.kind === "failed") this.#forget(message.id);
    if (message.kind === "done") waiting?.resolve({ values: new Map(message.values), ms: message.ms });
    if (message.kind === "failed") {
      const error = receivedError(message.error);
      waiting?.reject(message.node === undefined ? error : new TaskError(message.node, error));
    }
  }

  #forget(id: number): void {
    this.#waiting.delete(id);
    if (!this.#waiting.size) this.#worker.unref();
  }

  #end(error: Error): void {
    this.isOver = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * The host nodes that lead to a model work ahead of it, in threads: while the model runs on some rows, the next ones
 * are decoded. Each thread is one chunk ahead, so that what is in flight is bounded.
 *
 * Threads are started where they are worth it: where cores stand idle while rows are made, or while the model runs. A
 * model that uses all cores does so in equal parts: what takes a part of one core from it has the others wait. Its rows
 * are made between its calls, on all cores, and no thread is started for them.
 */
import { availableParallelism } from "node:os";
import type { Endpoint } from "#nodes/graph/document";
import { endpointKey } from "#nodes/graph/resolve";
import { nodesOfStep, type RowStep } from "#nodes/graph/streams";
import { type RowWork, openRowWork } from "./data-threads/pool";
import type { Given, Seed, Task } from "./data-threads/task";
import type { Keepers } from "./stream-keepers";
import { inputsOf, nodeOf, type OpenStream, seedOf } from "./stream-rows";
import { type RowType, storedBytes } from "./rows";
import { hostOf } from "./steps";

/** A thread takes a second to start: fewer chunks are done by then. */
const fewChunks = 3;
/** Threads are worth it where they would save more than this part of the time, and more than this in all. */
const worth = { share: 1 / 8, ms: 1500 };

export interface AheadOptions {
  stream: OpenStream;
  keepers: Keepers;
  /** Told of some rows in a thread. */
  progress(node: string, done: number): void;
  /** How long a node took. */
  measure(node: string, ms: number): void;
}

export class ReadAhead {
  /** How long the model waited for rows. */
  waitedMs = 0;
  /** How long threads have worked. */
  busyMs = 0;
  readonly #ordered = new Map<number, Promise<ReadonlyMap<string, unknown>>>();

  /** Nothing where there is no model to be ahead of, or too little to do. */
  static async open(options: AheadOptions): Promise<ReadAhead | undefined> {
    const { stream } = options;
    const { document, registry, dataThreads, blobs, cacheDir, folders, allowRemote } = stream.context.options;
    const nodes = nodesAhead(stream);
    const isShort = stream.rows < fewChunks * stream.chunkRows;
    if (!nodes.size || isShort || registry || dataThreads === 0) return undefined;
    const { graph } = stream.context;
    const whole = await wholeInputs(stream, nodes);
    const hostFor = (node: string, seed: Seed) => hostOf(node, stream.context, { seed });
    const work = { graph, document, whole, blobs, cacheDir, folders, allowRemote, hostFor };
    const ahead = new ReadAhead(options, nodes, () => openRowWork(work, dataThreads));
    if (dataThreads !== undefined) ahead.#startThreads();
    stream.context.options.signal.addEventListener("abort", ahead.close, { once: true });
    return ahead;
  }

  private constructor(
    readonly options: AheadOptions,
    /** The nodes that work ahead, each behind those that it reads. */
    readonly nodes: ReadonlySet<string>,
    readonly openWork: () => RowWork,
  ) {}

  /** How many threads have started. */
  get threads(): number {
    return this.#work?.ready ?? 0;
  }
  #work: RowWork | undefined;

  #startThreads(): RowWork {
    this.#work ??= this.openWork();
    return this.#work;
  }

  /** Looks at how long the last chunk took, how long its rows took to be made, and what cores had to do meanwhile. */
  #startThreadsIfWorth(start: number): void {
    const { rows, chunkRows } = this.options.stream;
    const now = performance.now();
    const { chunks, began, waitedMs, cpu } = this.#last;
    this.#last = { chunks: chunks + 1, began: now, waitedMs: this.waitedMs, cpu: process.cpuUsage() };
    // With the first chunk the model is opened, too.
    if (this.#work || chunks < 2) return;
    const { user, system } = process.cpuUsage(cpu);
    const idle = now - began - (user + system) / 1000 / availableParallelism();
    // What threads do costs the model nothing as far as cores were idle.
    const saved = Math.min(this.waitedMs - waitedMs, idle);
    const left = (rows - start) / chunkRows;
    if (saved > worth.share * (now - began) && saved * left > worth.ms) this.#startThreads();
  }
  #last = { chunks: 0, began: 0, waitedMs: 0, cpu: process.cpuUsage() };

  /** What was made of the rows of a chunk, by "node.port"; nothing while there is no thread. Has the next ones made. */
  async chunk(start: number): Promise<ReadonlyMap<string, unknown>> {
    const { rows, chunkRows } = this.options.stream;
    this.#startThreadsIfWorth(start);
    const ready = this.threads;
    if (!ready && !this.#ordered.has(start)) return new Map();
    const made = this.#order(start);
    const last = Math.min(rows - 1, start + ready * chunkRows);
    for (let next = start + chunkRows; next <= last; next += chunkRows) void this.#order(next);
    this.#ordered.delete(start);
    const began = performance.now();
    try {
      return await made;
    } finally {
      this.waitedMs += performance.now() - began;
    }
  }

  /** A node was run on the calling thread. */
  hadToBeMade(node: string, ms: number): void {
    if (this.nodes.has(node)) this.waitedMs += ms;
  }

  readonly close = (): void => {
    this.options.stream.context.options.signal.removeEventListener("abort", this.close);
    this.#work?.close();
  };

  /** Has the rows of a chunk made, once. */
  #order(start: number): Promise<ReadonlyMap<string, unknown>> {
    const made = this.#ordered.get(start) ?? this.#make(start);
    made.catch(() => {}); // it may fail before anybody waits for it
    this.#ordered.set(start, made);
    return made;
  }

  async #make(start: number): Promise<ReadonlyMap<string, unknown>> {
    const { stream, progress, measure } = this.options;
    const end = Math.min(stream.rows, start + stream.chunkRows);
    const task = await this.#taskFor(start, end);
    if (!task.nodes.length) return new Map();
    const hostFor = (node: string, seed: Seed) =>
      hostOf(node, stream.context, { seed, onProgress: (done) => progress(node, start + done) });
    const { values, ms } = await this.#startThreads().run(task, hostFor);
    for (const [node, taken] of ms) {
      this.busyMs += taken;
      measure(node, taken);
      progress(node, end);
    }
    return values;
  }

  /** What must be made of some rows for what is kept and folded of them. */
  async #taskFor(start: number, end: number): Promise<Task> {
    const { stream } = this.options;
    const needs = new Needs(this.options, this.nodes, start);
    const given: [string, Given][] = [];
    for (const [name, from] of needs.given) given.push([name, await this.#givenRows(from, start, end)]);
    const nodes = [...this.nodes].filter((id) => needs.nodes.has(id));
    return { nodes, given, reads: [...needs.reads], seed: seedOf(start), common: stream.common };
  }

  /** Rows as a thread takes them: numbers are read there. */
  async #givenRows(from: Endpoint, start: number, end: number): Promise<Given> {
    const { stream, keepers } = this.options;
    const { results } = stream.context;
    const kept = keepers.chunk(from, start);
    const type = nodeOf(stream, from.node).definition.outputs[from.port]?.type as RowType;
    if (kept) return { type, stored: kept.value, start: 0, end: kept.rows };
    const stored = results.outputsOf(from.node)[from.port]?.value;
    if (stored !== undefined && storedBytes(type, stored)) return { type, stored, start, end };
    return { value: await results.rows(from, start, end) };
  }
}

/** What a chunk needs of the nodes that work ahead. */
class Needs {
  /** What others read of them. */
  readonly reads = new Set<string>();
  readonly nodes = new Set<string>();
  /** The rows that they read of others. */
  readonly given = new Map<string, Endpoint>();
  readonly #seen = new Set<RowStep>();

  constructor(
    readonly options: AheadOptions,
    readonly ahead: ReadonlySet<string>,
    readonly start: number,
  ) {
    const { stream, keepers } = options;
    for (const { endpoint } of keepers.wanting(start)) this.#need(endpoint);
    for (const [id, rowStep] of stream.steps) {
      if (nodeOf(stream, id).definition.reduce) this.#needInputs(rowStep);
    }
  }

  /** Goes from what is asked for to what must be made. */
  #need(from: Endpoint): void {
    const { stream, keepers } = this.options;
    const rowStep = stream.steps.get(from.node);
    if (!rowStep || keepers.chunk(from, this.start)) return;
    if (this.ahead.has(from.node)) {
      this.reads.add(endpointKey(from));
      this.#needNode(from.node);
    } else if (!this.#seen.has(rowStep)) {
      this.#seen.add(rowStep);
      this.#needInputs(rowStep);
    }
  }

  #needInputs({ step }: RowStep): void {
    const nodes = nodesOfStep(step);
    for (const from of nodes.flatMap((id) => inputsOf(this.options.stream, id))) {
      if (!nodes.includes(from.node)) this.#need(from);
    }
  }

  #needNode(id: string): void {
    const { stream, keepers } = this.options;
    if (this.nodes.has(id)) return;
    this.nodes.add(id);
    const rows = stream.steps.get(id)?.rows;
    for (const from of inputsOf(stream, id)) {
      const name = endpointKey(from);
      if (!rows?.has(name)) continue;
      if (this.ahead.has(from.node) && !keepers.chunk(from, this.start)) this.#needNode(from.node);
      else this.given.set(name, from);
    }
  }
}

/** The host nodes from which a model gets its rows, without those that need one themselves. */
function nodesAhead(stream: OpenStream): Set<string> {
  const leading = new Set<string>();
  for (const [id, rowStep] of [...stream.steps].toReversed()) {
    const isModel = rowStep.step.kind === "region" || nodeOf(stream, id).definition.expensive === true;
    if (isModel || leading.has(id)) for (const { node } of inputsOf(stream, id)) leading.add(node);
  }
  const ahead = new Set<string>();
  for (const [id, { step }] of stream.steps) {
    const { run, reduce, expensive } = nodeOf(stream, id).definition;
    const isHost = step.kind === "host" && run && !reduce && !expensive;
    const sources = inputsOf(stream, id).filter(({ node }) => stream.steps.has(node));
    if (isHost && leading.has(id) && sources.every(({ node }) => ahead.has(node))) ahead.add(id);
  }
  return ahead;
}

/** What nodes read that does not come in rows. */
async function wholeInputs(stream: OpenStream, nodes: ReadonlySet<string>): Promise<Map<string, unknown>> {
  const whole = new Map<string, unknown>();
  for (const id of nodes) {
    const rows = stream.steps.get(id)?.rows;
    for (const from of inputsOf(stream, id)) {
      const name = endpointKey(from);
      if (!rows?.has(name) && !whole.has(name)) whole.set(name, await stream.context.results.value(from));
    }
  }
  return whole;
}

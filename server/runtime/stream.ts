/** Steps that share their rows, run together chunk by chunk: no value in between is ever there as a whole. */
import type { Reducer } from "#nodes/core/node";
import type { Port, Ports } from "#nodes/core/ports";
import type { Tensor } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { nodesOfStep, rowInputs, type RowStep, type Stream } from "#nodes/graph/streams";
import { endpointKey, type ResolvedNode } from "#nodes/graph/resolve";
import { Cancelled } from "../errors";
import type { CacheEntry, StoredWarning } from "./cache";
import { type OpenRegion, openRegion, tensorInputs } from "./region";
import { refuseTooManyRows } from "./all-rows";
import type { GivenRows } from "./results";
import { hasRows, joinedChunks, type RowType, readAllRows, type StoredChunk, storeChunk, storedBytes } from "./rows";
import { hostOf, readOutsideOf, regionOf, type StepContext } from "./steps";
import { chunkRowsOf, rowBytesOf, rowsOfStream } from "./stream-rows";

/** What is cheap to make again is kept up to so many bytes. */
const smallBytes = 64 * 2 ** 20;
/** The symbol of the rows in the models that are lowered here. */
const rowSymbol = "rows";

/** What went wrong in one of the steps. */
export class StepError extends Error {
  constructor(
    readonly nodes: readonly string[],
    readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Runs all rows through the steps. Gives the kept result of each node, and how many milliseconds its step took. */
export async function runStream(
  stream: Stream,
  context: StepContext,
  warningsOf: (node: string) => StoredWarning[],
): Promise<Map<string, { entry: CacheEntry; ms: number }>> {
  const run = await StreamRun.open(stream, context);
  try {
    await run.allChunks();
    return await run.finish(warningsOf);
  } finally {
    run.close();
  }
}

/** An output that is kept as its rows come. */
interface Keeper {
  endpoint: Endpoint;
  type: RowType;
  /** It is asked for, or costly: kept whatever its size. */
  must: boolean;
  chunks: StoredChunk[];
  bytes: number;
  /** Cheap and too large: let go of. */
  dropped: boolean;
  first?: unknown;
}

class StreamRun {
  readonly #stepOf = new Map<string, RowStep>();
  readonly #regions = new Map<RowStep, Promise<OpenRegion>>();
  readonly #reducers = new Map<string, Reducer<Ports, Ports>>();
  readonly #keepers = new Map<string, Keeper>();
  readonly #milliseconds = new Map<RowStep, number>();
  readonly #started = performance.now();
  #stepsRun = 0;
  /** Rows that an earlier run has computed. */
  #rowsBefore = 0;

  static async open(stream: Stream, context: StepContext): Promise<StreamRun> {
    const rows = await rowsOfStream(stream, context);
    const run = new StreamRun(stream, context, rows, chunkRowsOf(stream, context, rows));
    await run.#resume();
    run.#refuseTooManyRows();
    return run;
  }

  private constructor(
    readonly stream: Stream,
    readonly context: StepContext,
    readonly rows: number,
    readonly chunkRows: number,
  ) {
    for (const rowStep of stream.steps) {
      for (const id of nodesOfStep(rowStep.step)) {
        this.#stepOf.set(id, rowStep);
        if (!this.#node(id).definition.reduce) this.#keepOutputsOf(id);
      }
    }
  }

  async allChunks(): Promise<void> {
    for (let start = 0; start < this.rows || start === 0; start += this.chunkRows) {
      if (this.context.options.signal.aborted) throw new Cancelled();
      const end = Math.min(this.rows, start + this.chunkRows);
      const before = this.#stepsRun;
      await this.#chunk(start, end);
      if (this.#stepsRun > before) this.#tellProgress(end);
      else this.#rowsBefore = end;
      await this.#keepParts(end);
    }
  }

  /** Keeps what the nodes gave, in the order in which they stand. */
  async finish(warningsOf: (node: string) => StoredWarning[]): Promise<Map<string, { entry: CacheEntry; ms: number }>> {
    const given = new Map<string, { entry: CacheEntry; ms: number }>();
    for (const [id, rowStep] of this.#stepOf) {
      const entry = await this.#inStep([id], rowStep, () => this.#keepNode(id, warningsOf(id)));
      given.set(id, { entry, ms: Math.round(this.#milliseconds.get(rowStep) ?? 0) });
    }
    return given;
  }

  close(): void {
    for (const region of this.#regions.values()) {
      region.then(
        (open) => open.close(),
        () => {},
      );
    }
  }

  /** Computes what is to be kept of some rows, and gives them to the reducers. */
  async #chunk(start: number, end: number): Promise<void> {
    const chunk = new Chunk(this, start, end);
    for (const keeper of this.#keepers.values()) {
      if (keeper.dropped) continue;
      const isThere = keeper.chunks[start / this.chunkRows] !== undefined;
      if (isThere && keeper.first !== undefined) continue;
      const value = await chunk.value(keeper.endpoint);
      if (value === undefined) {
        keeper.dropped = true; // its model does not give it: inside of a region, and large
        continue;
      }
      keeper.first ??= value;
      if (!isThere) await this.#keepChunk(keeper, value);
    }
    for (const id of this.#stepOf.keys()) {
      if (this.#node(id).definition.reduce) await this.#reduce(id, chunk, start);
    }
  }

  async #keepChunk(keeper: Keeper, value: unknown): Promise<void> {
    const chunk = await storeChunk(keeper.type, value, this.context.options.blobs);
    keeper.chunks.push(chunk);
    keeper.bytes += storedBytes(keeper.type, chunk.value);
    if (!keeper.must && keeper.bytes > smallBytes) keeper.dropped = true;
  }

  async #reduce(id: string, chunk: Chunk, first: number): Promise<void> {
    const rowStep = this.#stepOf.get(id) as RowStep;
    await this.#inStep([id], rowStep, async () => {
      const node = this.#node(id);
      const names = new Set(rowInputs(node.definition));
      const isRows = (name: string) => names.has(name);
      const reducer = this.#reducers.get(id) ?? (await this.#startReducer(node, chunk, isRows));
      this.#reducers.set(id, reducer);
      await reducer.add((await this.inputs(node, chunk, isRows)) as never, first);
    });
  }

  async #startReducer(node: ResolvedNode, chunk: Chunk, isRows: (name: string) => boolean) {
    const inputs = await this.inputs(node, chunk, (name) => !isRows(name));
    const host = hostOf(node.id, this.context);
    return node.definition.reduce?.start({ host, inputs, params: node.params }) as Reducer<Ports, Ports>;
  }

  /** The values of some inputs: rows of the chunk where they come in rows. */
  async inputs(node: ResolvedNode, chunk: Chunk, isWanted: (name: string) => boolean = () => true) {
    const inputs: Record<string, unknown> = {};
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      if (!isWanted(name)) continue;
      const values: unknown[] = [];
      for (const from of node.inputs[name] ?? []) values.push(await chunk.valueFor(node.id, from));
      inputs[name] = port.many ? values : values[0];
    }
    return inputs;
  }

  /** Runs the step that gives an endpoint on some rows. Gives all its values by "node.port". */
  async runStep(rowStep: RowStep, chunk: Chunk): Promise<ReadonlyMap<string, unknown>> {
    const nodes = nodesOfStep(rowStep.step);
    const { step } = rowStep;
    this.#stepsRun++;
    return this.#inStep(nodes, rowStep, () =>
      step.kind === "host" ? this.#runHost(this.#node(step.node), chunk) : this.#runRegion(rowStep, nodes, chunk),
    );
  }

  async #runHost(node: ResolvedNode, chunk: Chunk): Promise<ReadonlyMap<string, unknown>> {
    const { start } = chunk;
    // Draws differ from chunk to chunk, and are the same whenever the chunk is made.
    const host = hostOf(node.id, this.context, start ? { seed: [0, "rows", start] } : {});
    const outputs = await node.definition.run?.({ host, inputs: await this.inputs(node, chunk), params: node.params });
    const named = Object.entries(outputs as object);
    return new Map(named.map(([port, value]) => [endpointKey({ node: node.id, port }), value]));
  }

  async #runRegion(rowStep: RowStep, nodes: readonly string[], chunk: Chunk): Promise<ReadonlyMap<string, Tensor>> {
    const incoming = new Map<string, Tensor>();
    for (const from of tensorInputs(this.context.graph, nodes)) {
      incoming.set(endpointKey(from), (await chunk.valueFor(nodes[0] as string, from)) as Tensor);
    }
    const open = this.#regions.get(rowStep) ?? this.#openRegion(rowStep, nodes, incoming);
    this.#regions.set(rowStep, open);
    const before = chunk.start;
    return (await open).run(incoming, (done) => this.#tellProgress(before + done, nodes));
  }

  #openRegion({ rows }: RowStep, nodes: readonly string[], incoming: ReadonlyMap<string, Tensor>) {
    const typeOf = (from: Endpoint) => {
      const { dtype, shape } = incoming.get(endpointKey(from)) as Tensor;
      return { dtype, shape: rows.has(endpointKey(from)) ? [rowSymbol, ...shape.slice(1)] : shape };
    };
    const given = nodes.flatMap((node) => this.context.results.readPorts(node).map((port) => ({ node, port })));
    const outside = readOutsideOf(nodes, this.context);
    const wanted = given.filter((endpoint) => {
      const name = endpointKey(endpoint);
      return this.#keepers.get(name)?.must || outside.has(name);
    });
    const welcome = given.filter((endpoint) => !wanted.includes(endpoint));
    const region = { ...regionOf(nodes, this.context), wanted, welcome, streams: true };
    return openRegion(region, [typeOf], new Map([[rowSymbol, this.rows]]));
  }

  #keepOutputsOf(id: string): void {
    const { results, targets, graph } = this.context;
    const { definition } = this.#node(id);
    const outside = readOutsideOf(
      this.stream.steps.flatMap(({ step }) => nodesOfStep(step)),
      this.context,
    );
    for (const port of results.readPorts(id)) {
      const type = (definition.outputs[port] as Port).type;
      const endpoint = { node: id, port };
      const name = endpointKey(endpoint);
      if (!hasRows(type)) continue;
      const must = definition.expensive === true || targets.includes(id) || outside.has(name) || !graph.wired.has(name);
      this.#keepers.set(name, { endpoint, type, must, chunks: [], bytes: 0, dropped: false });
    }
  }

  async #keepNode(id: string, warnings: StoredWarning[]): Promise<CacheEntry> {
    const node = this.#node(id);
    const { results } = this.context;
    const host = hostOf(id, this.context);
    const reducer = this.#reducers.get(id);
    if (reducer) {
      const outputs = Object.entries(await reducer.finish());
      const values = new Map(outputs.map(([port, value]) => [endpointKey({ node: id, port }), value]));
      return results.keep(node, values, warnings, host);
    }
    const ports: Record<string, GivenRows> = {};
    for (const keeper of this.#keepersOf(id)) {
      if (keeper.first !== undefined) ports[keeper.endpoint.port] = await this.#givenBy(keeper);
    }
    return results.keepRows(node, ports, warnings, host);
  }

  /** What was kept of an output. Chunks that are small together become one. */
  async #givenBy({ type, chunks, bytes, dropped, first }: Keeper): Promise<GivenRows> {
    const { rows } = this;
    if (dropped) return { type, first, rows };
    if (chunks.length === 1) return { type, chunks, first, rows, whole: first };
    if (bytes > smallBytes) return { type, chunks, first, rows };
    const { blobs } = this.context.options;
    const whole = await readAllRows(type, joinedChunks(chunks), blobs);
    return { type, chunks: [await storeChunk(type, whole, blobs)], first: whole, rows, whole };
  }

  #keepersOf(id: string): Keeper[] {
    return [...this.#keepers.values()].filter(({ endpoint }) => endpoint.node === id);
  }

  /** Goes on behind the last chunk that an earlier run, which was killed, has kept. */
  async #resume(): Promise<void> {
    if (this.rows <= this.chunkRows) return;
    for (const id of this.#stepOf.keys()) {
      const part = await this.context.results.partOf(id, this.chunkRows);
      for (const keeper of this.#keepersOf(id)) {
        keeper.chunks = part[keeper.endpoint.port] ?? [];
        keeper.bytes = storedBytes(keeper.type, joinedChunks(keeper.chunks));
      }
    }
  }

  async #keepParts(end: number): Promise<void> {
    if (end >= this.rows) return;
    for (const id of this.#stepOf.keys()) {
      const kept = this.#keepersOf(id).filter(({ dropped }) => !dropped);
      if (!kept.length) continue;
      const outputs = Object.fromEntries(kept.map(({ endpoint, chunks }) => [endpoint.port, chunks]));
      await this.context.results.keepPart(id, this.chunkRows, outputs);
    }
  }

  /** What another node will need all at once must fit, which is known before the first row is computed. */
  #refuseTooManyRows(): void {
    for (const { endpoint } of this.#keepers.values()) {
      if (!this.context.readWhole.has(endpointKey(endpoint))) continue;
      const bytes = this.rows * rowBytesOf(endpoint, this.context.types);
      refuseTooManyRows(this.context.graph, endpoint, this.rows, bytes);
    }
  }

  #tellProgress(done: number, nodes: Iterable<string> = this.#stepOf.keys()): void {
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = (done - this.#rowsBefore) / Math.max(seconds, 0.001);
    const left = (this.rows - done) / rate;
    const note = seconds > 1 ? `${rate.toFixed(rate < 10 ? 1 : 0)} rows/s, ${timeText(left)} left` : undefined;
    for (const node of nodes) this.context.tell({ kind: "node-progress", node, done, of: this.rows, note });
  }

  /** Measures the step, and says of what goes wrong in it where it was. */
  async #inStep<T>(nodes: readonly string[], rowStep: RowStep, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const nested = this.#nested;
    this.#nested = 0;
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof StepError || cause instanceof Cancelled) throw cause;
      throw new StepError(nodes, cause);
    } finally {
      // What it waited for belongs to the steps before it.
      const whole = performance.now() - start;
      this.#milliseconds.set(rowStep, (this.#milliseconds.get(rowStep) ?? 0) + whole - this.#nested);
      this.#nested = nested + whole;
    }
  }
  #nested = 0;

  stepGiving(from: Endpoint): RowStep | undefined {
    return this.#stepOf.get(from.node);
  }

  keptChunk(from: Endpoint, start: number): StoredChunk | undefined {
    return this.#keepers.get(endpointKey(from))?.chunks[start / this.chunkRows];
  }

  typeOf(from: Endpoint): RowType {
    return (this.#node(from.node).definition.outputs[from.port] as Port).type as RowType;
  }

  comesInRows(reader: string, from: Endpoint): boolean {
    return this.#stepOf.get(reader)?.rows.has(endpointKey(from)) === true;
  }

  #node(id: string): ResolvedNode {
    return this.context.graph.nodes.get(id) as ResolvedNode;
  }
}

/** Some rows on their way through the steps: each value is made once, when it is first asked for. */
class Chunk {
  readonly #values = new Map<string, unknown>();

  constructor(
    readonly run: StreamRun,
    readonly start: number,
    readonly end: number,
  ) {}

  /** What a node of the stream reads: these rows, or all of what comes whole. */
  async valueFor(reader: string, from: Endpoint): Promise<unknown> {
    if (this.run.stepGiving(from)) return this.value(from);
    const { results } = this.run.context;
    return this.run.comesInRows(reader, from) ? results.rows(from, this.start, this.end) : results.value(from);
  }

  /** These rows of an output of the stream. */
  async value(from: Endpoint): Promise<unknown> {
    const name = endpointKey(from);
    if (this.#values.has(name)) return this.#values.get(name);
    const kept = this.run.keptChunk(from, this.start);
    if (kept) {
      const value = await readAllRows(this.run.typeOf(from), kept.value, this.run.context.options.blobs);
      this.#values.set(name, value);
      return value;
    }
    const given = await this.run.runStep(this.run.stepGiving(from) as RowStep, this);
    this.#values.set(name, undefined); // asked for once, whether the step gives it or not
    for (const [endpoint, value] of given) this.#values.set(endpoint, value);
    return this.#values.get(name);
  }
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

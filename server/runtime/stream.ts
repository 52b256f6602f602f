/** Steps that share their rows, run together chunk by chunk: no value in between is ever there as a whole. */
import type { Reducer } from "#nodes/core/node";
import type { Port, Ports } from "#nodes/core/ports";
import type { Tensor } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { chunkedInputs, rowInputs } from "#nodes/graph/row-ports";
import { nodesOfStep, type RowStep, type Stream } from "#nodes/graph/streams";
import { endpointKey, type ResolvedNode } from "#nodes/graph/resolve";
import { Cancelled } from "../errors";
import type { CacheEntry, StoredWarning } from "./cache";
import { withCommon } from "./data-threads/task";
import { itemsFor, runNode } from "./packed";
import { BatchedRegion, batchOf, chunkTypes, type OpenRegion, openRegion, tensorInputs } from "./region";
import { type RowType, readAllRows } from "./rows";
import { hostOf, readOutsideOf, regionOf, type StepContext } from "./steps";
import { StepError, stepErrorOf } from "./step-error";
import { ReadAhead } from "./stream-ahead";
import { Keepers } from "./stream-keepers";
import { StreamProgress } from "./stream-progress";
import { nodeOf, type OpenStream, openStream, seedOf } from "./stream-rows";
import { withCommonSizes } from "./stream-sizes";

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
    await run.close();
  }
}

class StreamRun {
  readonly #regions = new Map<RowStep, Promise<OpenRegion | BatchedRegion>>();
  readonly #reducers = new Map<string, Reducer<Ports, Ports>>();
  readonly #milliseconds = new Map<RowStep, number>();
  readonly #progress: StreamProgress;
  #stepsRun = 0;
  #ahead: ReadAhead | undefined;

  static async open(stream: Stream, context: StepContext): Promise<StreamRun> {
    const open = await withCommonSizes(await openStream(stream, context), stream);
    const run = new StreamRun(open, new Keepers(open));
    await run.#begin();
    return run;
  }

  private constructor(
    readonly stream: OpenStream,
    readonly keepers: Keepers,
  ) {
    this.#progress = new StreamProgress(stream);
  }

  async #begin(): Promise<void> {
    this.#progress.rowsBefore = await this.keepers.resume();
    this.keepers.refuseTooManyRows();
    this.#ahead = await ReadAhead.open({
      stream: this.stream,
      keepers: this.keepers,
      progress: (node, done) => this.#progress.tell(done, [node]),
      measure: (node, ms) => this.#addTime(this.stream.steps.get(node) as RowStep, ms),
    });
    this.#progress.ahead = this.#ahead;
  }

  async allChunks(): Promise<void> {
    const { rows, chunkRows, context, steps } = this.stream;
    for (let start = 0; start < rows || start === 0; start += chunkRows) {
      if (context.options.signal.aborted) throw new Cancelled();
      const end = Math.min(rows, start + chunkRows);
      const before = this.#stepsRun;
      await this.#chunk(start, end);
      if (this.#stepsRun > before) this.#progress.tell(end, steps.keys());
      await this.keepers.keepParts(end);
    }
  }

  /** Keeps what the nodes gave, in the order in which they stand. */
  async finish(warningsOf: (node: string) => StoredWarning[]): Promise<Map<string, { entry: CacheEntry; ms: number }>> {
    const given = new Map<string, { entry: CacheEntry; ms: number }>();
    for (const [id, rowStep] of this.stream.steps) {
      const entry = await this.#inStep([id], rowStep, () => this.#keepNode(id, warningsOf(id)));
      given.set(id, { entry, ms: Math.round(this.#milliseconds.get(rowStep) ?? 0) });
    }
    return given;
  }

  async close(): Promise<void> {
    this.#ahead?.close();
    for (const reducer of this.#reducers.values()) await reducer.abandon?.();
    for (const region of this.#regions.values()) {
      region.then(
        (open) => open.close(),
        () => {},
      );
    }
  }

  /** Computes what is to be kept of some rows, and gives them to the reducers. */
  async #chunk(start: number, end: number): Promise<void> {
    const made = await this.#madeAhead(start);
    const chunk = new Chunk(this, start, end, made);
    for (const keeper of this.keepers.wanting(start)) {
      const isThere = this.keepers.chunk(keeper.endpoint, start) !== undefined;
      const value = await chunk.value(keeper.endpoint);
      if (value === undefined)
        keeper.dropped = true; // its model does not give it: inside of a region, and large
      else if (isThere) this.keepers.show(keeper, value);
      else await this.keepers.keep(keeper, value);
    }
    for (const id of this.stream.steps.keys()) {
      if (this.node(id).definition.reduce) await this.#reduce(id, chunk, start);
    }
  }

  async #madeAhead(start: number): Promise<ReadonlyMap<string, unknown>> {
    try {
      return (await this.#ahead?.chunk(start)) ?? new Map();
    } catch (error) {
      throw stepErrorOf(error);
    }
  }

  async #reduce(id: string, chunk: Chunk, first: number): Promise<void> {
    const rowStep = this.stream.steps.get(id) as RowStep;
    await this.#inStep([id], rowStep, async () => {
      const node = this.node(id);
      const names = new Set(rowInputs(node.definition));
      const isRows = (name: string) => names.has(name);
      const reducer = this.#reducers.get(id) ?? (await this.#startReducer(node, chunk, isRows));
      this.#reducers.set(id, reducer);
      const rows = itemsFor(node.definition, await this.inputs(node, chunk, isRows));
      await reducer.add(rows as never, first);
    });
  }

  async #startReducer(node: ResolvedNode, chunk: Chunk, isRows: (name: string) => boolean) {
    const inputs = itemsFor(node.definition, await this.inputs(node, chunk, (name) => !isRows(name)));
    const host = hostOf(node.id, this.stream.context);
    return node.definition.reduce?.start({ host, inputs, params: node.params }) as Reducer<Ports, Ports>;
  }

  /** The values of some inputs: rows of the chunk where they come in rows. */
  async inputs(node: ResolvedNode, chunk: Chunk, isWanted: (name: string) => boolean = () => true) {
    const inputs: Record<string, unknown> = {};
    const inRows = new Set(chunkedInputs(node.definition));
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      if (!isWanted(name)) continue;
      const values: unknown[] = [];
      for (const from of node.inputs[name] ?? []) values.push(await chunk.valueFor(node.id, from, inRows.has(name)));
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
      step.kind === "host" ? this.#runHost(this.node(step.node), chunk) : this.#runRegion(rowStep, nodes, chunk),
    );
  }

  async #runHost(node: ResolvedNode, chunk: Chunk): Promise<ReadonlyMap<string, unknown>> {
    const inputs = await this.inputs(node, chunk);
    const host = hostOf(node.id, this.stream.context, {
      seed: seedOf(chunk.start),
      onProgress: (done) => this.#progress.tell(chunk.start + done, [node.id]),
    });
    const began = performance.now();
    const outputs = await runNode(node, inputs, withCommon(host, this.stream.common.get(node.id)));
    this.#ahead?.hadToBeMade(node.id, performance.now() - began);
    const named = Object.entries(outputs);
    return new Map(named.map(([port, value]) => [endpointKey({ node: node.id, port }), value]));
  }

  async #runRegion(rowStep: RowStep, nodes: readonly string[], chunk: Chunk): Promise<ReadonlyMap<string, Tensor>> {
    const incoming = new Map<string, Tensor>();
    for (const from of tensorInputs(this.stream.context.graph, nodes)) {
      incoming.set(endpointKey(from), (await chunk.valueFor(nodes[0] as string, from)) as Tensor);
    }
    const open = this.#regions.get(rowStep) ?? this.#openRegion(rowStep, nodes, incoming);
    this.#regions.set(rowStep, open);
    const before = chunk.start;
    return (await open).run(incoming, (done) => this.#progress.tell(before + done, nodes));
  }

  async #openRegion({ rows }: RowStep, nodes: readonly string[], incoming: ReadonlyMap<string, Tensor>) {
    const { graph, types } = this.stream.context;
    const batch = batchOf({ graph, nodes });
    const { typeOf, symbols } = chunkTypes(incoming, rows, types, this.stream.rows, batch);
    const given = nodes.flatMap((node) => this.stream.context.results.readPorts(node).map((port) => ({ node, port })));
    const outside = readOutsideOf(nodes, this.stream.context);
    const wanted = given.filter((endpoint) => {
      return this.keepers.get(endpoint)?.must || outside.has(endpointKey(endpoint));
    });
    const welcome = given.filter((endpoint) => !wanted.includes(endpoint));
    const region = { ...regionOf(nodes, this.stream.context), wanted, welcome, streams: true };
    const open = await openRegion(region, [typeOf], symbols);
    return batch === undefined ? open : new BatchedRegion(open, batch);
  }

  async #keepNode(id: string, warnings: StoredWarning[]): Promise<CacheEntry> {
    const node = this.node(id);
    const { results } = this.stream.context;
    const host = hostOf(id, this.stream.context);
    const reducer = this.#reducers.get(id);
    if (reducer) {
      const outputs = Object.entries(await reducer.finish());
      const values = new Map(outputs.map(([port, value]) => [endpointKey({ node: id, port }), value]));
      return results.keep(node, values, warnings, host);
    }
    return results.keepRows(node, await this.keepers.givenBy(id), warnings, host);
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
      this.#addTime(rowStep, whole - this.#nested);
      this.#nested = nested + whole;
    }
  }
  #nested = 0;

  #addTime(rowStep: RowStep, ms: number): void {
    this.#milliseconds.set(rowStep, (this.#milliseconds.get(rowStep) ?? 0) + ms);
  }

  stepGiving(from: Endpoint): RowStep | undefined {
    return this.stream.steps.get(from.node);
  }

  typeOf(from: Endpoint): RowType {
    return (this.node(from.node).definition.outputs[from.port] as Port).type as RowType;
  }

  comesInRows(reader: string, from: Endpoint): boolean {
    return this.stream.steps.get(reader)?.rows.has(endpointKey(from)) === true;
  }

  node(id: string): ResolvedNode {
    return nodeOf(this.stream, id);
  }
}

/** Some rows on their way through the steps: each value is made once, when it is first asked for. */
class Chunk {
  readonly #values: Map<string, unknown>;

  constructor(
    readonly run: StreamRun,
    readonly start: number,
    readonly end: number,
    /** What was made of them ahead. */
    made: ReadonlyMap<string, unknown>,
  ) {
    this.#values = new Map(made);
  }

  /** What an input of a node of the stream reads: these rows, or all of what comes whole. */
  async valueFor(reader: string, from: Endpoint, takesRows = true): Promise<unknown> {
    if (this.run.stepGiving(from)) return this.value(from);
    const { results } = this.run.stream.context;
    return takesRows && this.run.comesInRows(reader, from)
      ? results.rows(from, this.start, this.end)
      : results.value(from);
  }

  /** These rows of an output of the stream. */
  async value(from: Endpoint): Promise<unknown> {
    const name = endpointKey(from);
    if (this.#values.has(name)) return this.#values.get(name);
    const kept = this.run.keepers.chunk(from, this.start);
    if (kept) {
      const value = await readAllRows(this.run.typeOf(from), kept.value, this.run.stream.context.options.blobs);
      this.#values.set(name, value);
      return value;
    }
    const given = await this.run.runStep(this.run.stepGiving(from) as RowStep, this);
    this.#values.set(name, undefined); // asked for once, whether the step gives it or not
    for (const [endpoint, value] of given) this.#values.set(endpoint, value);
    return this.#values.get(name);
  }
}

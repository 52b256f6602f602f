/** Metrics in the middle of a training, measured chunk by chunk on held-out data. */
import type { HostBehaviour, NodeDefinition, Params, Reducer } from "#nodes/core/node";
import type { Host } from "#nodes/core/host";
import type { Port, Ports } from "#nodes/core/ports";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { infer, type Types } from "#nodes/graph/infer";
import type { LoweredParameter } from "#nodes/graph/lower";
import { type Cone, plan, type Step } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { rowInputs } from "#nodes/graph/row-ports";
import { nodesOfStep, type RowStep, type Stream, streamsOf } from "#nodes/graph/streams";
import { Cancelled, Failure } from "../../errors";
import { runHostNode, type Seed } from "../data-threads/task";
import type { Blobs } from "../../storage/blobs";
import { chunkRowsOf } from "../chunk-rows";
import { itemsFor } from "../packed";
import type { Provider } from "../providers";
import {
  BatchedRegion,
  batchOf,
  chunkTypes,
  type OpenRegion,
  openRegion,
  type Region,
  runRegion,
  tensorInputs,
} from "../region";
import { concatenated, type RowType, rangeOf } from "../rows";
import type { SessionPool } from "../sessions";
import { rowCount } from "../values";
import type { DrawnRows } from "./drawn-rows";
import { rowRange } from "./held-rows";

export interface EvaluationSpec {
  graph: ResolvedGraph;
  cone: Cone;
  source: DrawnRows;
  weightsOf(from: Endpoint): Promise<Weights>;
  hostFor(node: string, seed: Seed): Host;
  seed: number;
  blobs: Blobs;
  sessions: SessionPool;
  provider: Provider;
  signal: AbortSignal;
}

/** The numbers of a parameter as they are now; nothing where the training does not change it. */
type Current = (parameter: LoweredParameter) => Float32Array | undefined;

/**
 * Measures with the weights as they are in the middle of a training: the nodes between held-out data and the metrics,
 * run as in any other run, on the trained tensors in place of those that the weights wires would give. Random nodes
 * draw the same every time.
 */
export class Evaluation {
  readonly types: Types;
  readonly #steps: readonly (Step | Stream)[];

  constructor(readonly spec: EvaluationSpec) {
    const { graph, cone } = spec;
    const computed = new Set([...cone.tensors, ...cone.stepwise, ...cone.after]);
    const targets = cone.ends.map(({ node }) => node);
    this.types = infer(graph).types;
    const { steps } = plan(graph, targets, (id) => !computed.has(id));
    this.#steps = streamsOf(graph, this.types, steps, rowInputs);
  }

  /** The metrics by "node.port". */
  async measure(current: Current): Promise<Map<string, number>> {
    const { cone, signal } = this.spec;
    const measurement = new Measurement(this, current);
    for (const step of this.#steps) {
      if (signal.aborted) throw new Cancelled();
      await measurement.run(step);
    }
    return new Map(cone.ends.map((end) => [endpointKey(end), measurement.given.get(endpointKey(end)) as number]));
  }

  /** The outputs of nodes that others read, or that are measured themselves. */
  readOutside(nodes: readonly string[]): Endpoint[] {
    const { graph, cone } = this.spec;
    const others = [...cone.tensors, ...cone.stepwise, ...cone.after].filter((id) => !nodes.includes(id));
    const sources = others.flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
    const read = new Set([...sources, ...cone.ends].map(endpointKey));
    const outputs = nodes.flatMap((node) =>
      Object.keys(graph.nodes.get(node)?.definition.outputs ?? {}).map((port) => ({ node, port })),
    );
    return outputs.filter((endpoint) => read.has(endpointKey(endpoint)));
  }
}

/** One measurement. */
class Measurement {
  /** What steps gave, whole, by "node.port". */
  readonly given = new Map<string, unknown>();

  constructor(
    readonly evaluation: Evaluation,
    readonly current: Current,
  ) {}

  async run(step: Step | Stream): Promise<void> {
    const { graph, hostFor, seed } = this.evaluation.spec;
    if (step.kind === "stream") return new StreamMeasurement(this, step).run();
    if (step.kind === "region") {
      const valueOf = async (from: Endpoint) => (await this.whole(from)) as Tensor;
      const measured = await runRegion({ ...this.regionOf(step.nodes), valueOf, progress: () => {} });
      return this.add(measured);
    }
    const node = graph.nodes.get(step.node) as ResolvedNode;
    const values = new Map<string, unknown>();
    for (const from of Object.values(node.inputs).flat()) values.set(endpointKey(from), await this.whole(from));
    await runHostNode(node, values, hostFor(node.id, [seed, "evaluation"]));
    this.add(values);
  }

  /** Takes in what a step gave. */
  add(values: ReadonlyMap<string, unknown>): void {
    for (const [name, value] of values) this.given.set(name, value);
  }

  /** All of what steps gave, or of what lies before them. */
  async whole(from: Endpoint): Promise<unknown> {
    const name = endpointKey(from);
    return this.given.has(name) ? this.given.get(name) : this.evaluation.spec.source.whole(from);
  }

  countOf(from: Endpoint): number {
    const value = this.given.get(endpointKey(from));
    const count = value === undefined ? this.evaluation.spec.source.count(from) : rowCount(this.typeOf(from), value);
    return count ?? 0;
  }

  typeOf({ node, port }: Endpoint): RowType {
    return (this.evaluation.spec.graph.nodes.get(node)?.definition.outputs[port] as Port).type as RowType;
  }

  regionOf(nodes: readonly string[]): Region {
    const wanted = this.evaluation.readOutside(nodes);
    return { ...this.evaluation.spec, nodes, wanted, welcome: [], current: this.current };
  }
}

/** Steps that share their rows: some rows are taken through all of them before the next ones. */
class StreamMeasurement {
  readonly #nodes: readonly string[];
  /** What comes in rows from outside of the steps, and what comes whole. */
  readonly #incoming: Endpoint[] = [];
  readonly #whole: Endpoint[] = [];
  readonly #regions = new Map<RowStep, OpenRegion | BatchedRegion>();
  readonly #reducers = new Map<string, Reducer<Ports, Ports>>();

  constructor(
    readonly measurement: Measurement,
    readonly stream: Stream,
  ) {
    const { graph } = measurement.evaluation.spec;
    this.#nodes = stream.steps.flatMap(({ step }) => nodesOfStep(step));
    for (const { step, rows } of stream.steps) {
      const read =
        step.kind === "region"
          ? tensorInputs(graph, step.nodes)
          : nodesOfStep(step).flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
      for (const from of read) {
        if (this.#nodes.includes(from.node)) continue;
        (rows.has(endpointKey(from)) ? this.#incoming : this.#whole).push(from);
      }
    }
  }

  async run(): Promise<void> {
    const { measurement, stream } = this;
    const { types, spec } = measurement.evaluation;
    const rows = this.#countRows();
    const chunkRows = chunkRowsOf(stream, spec.graph, types, rows);
    const outputs = measurement.evaluation.readOutside(this.#nodes).filter(({ node }) => !this.#isReducer(node));
    const parts = outputs.map((from) => ({ from, values: [] as unknown[] }));
    const chunkFrom = (start: number) => this.#rows(start, Math.min(rows, start + chunkRows));
    let next = chunkFrom(0);
    try {
      for (let start = 0; start < rows; start += chunkRows) {
        if (spec.signal.aborted) throw new Cancelled();
        const values = await next;
        if (start + chunkRows < rows) next = chunkFrom(start + chunkRows);
        next.catch(() => {}); // it may fail while the model runs on the chunk before
        for (const rowStep of stream.steps) await this.#runStep(rowStep, values, start);
        for (const part of parts) part.values.push(values.get(endpointKey(part.from)));
      }
    } finally {
      for (const region of this.#regions.values()) region.close();
    }
    for (const { from, values } of parts)
      measurement.given.set(endpointKey(from), concatenated(measurement.typeOf(from), values as never));
    for (const [node, reducer] of this.#reducers) {
      const folded = Object.entries(await reducer.finish());
      measurement.add(new Map(folded.map(([port, value]) => [endpointKey({ node, port }), value])));
    }
  }

  /** What comes in, for some rows. */
  async #rows(start: number, end: number): Promise<Map<string, unknown>> {
    const { measurement } = this;
    const { source } = measurement.evaluation.spec;
    const isGiven = (from: Endpoint) => measurement.given.has(endpointKey(from));
    const drawn = this.#incoming.filter((from) => !isGiven(from));
    const values = await source.draw(rowRange(start, end), drawn);
    for (const from of this.#incoming.filter(isGiven)) {
      const name = endpointKey(from);
      values.set(name, rangeOf(measurement.typeOf(from), measurement.given.get(name) as never, start, end));
    }
    for (const from of this.#whole) values.set(endpointKey(from), await measurement.whole(from));
    return values;
  }

  /** Runs a step on some rows, and adds what it gives to them. */
  async #runStep(rowStep: RowStep, values: Map<string, unknown>, start: number): Promise<void> {
    const { graph, hostFor, seed } = this.measurement.evaluation.spec;
    const { step } = rowStep;
    if (step.kind === "region") {
      for (const [name, value] of await this.#runRegion(rowStep, step.nodes, values)) values.set(name, value);
      return;
    }
    const node = graph.nodes.get(step.node) as ResolvedNode;
    const host = hostFor(node.id, start ? [seed, "evaluation", "rows", start] : [seed, "evaluation"]);
    await (this.#isReducer(node.id) ? this.#reduce(node, values, start, host) : runHostNode(node, values, host));
  }

  async #runRegion(rowStep: RowStep, nodes: readonly string[], values: ReadonlyMap<string, unknown>) {
    const inputs = tensorInputs(this.measurement.evaluation.spec.graph, nodes).map(endpointKey);
    const incoming = new Map(inputs.map((name) => [name, values.get(name) as Tensor]));
    const open = this.#regions.get(rowStep) ?? (await this.#openRegion(rowStep, nodes, incoming));
    this.#regions.set(rowStep, open);
    return open.run(incoming, () => {});
  }

  async #openRegion({ rows }: RowStep, nodes: readonly string[], incoming: ReadonlyMap<string, Tensor>) {
    const { spec, types } = this.measurement.evaluation;
    const batch = batchOf({ graph: spec.graph, nodes });
    const { typeOf, symbols } = chunkTypes(incoming, rows, types, this.#countRows(), batch);
    const region = { ...this.measurement.regionOf(nodes), streams: true };
    const open = await openRegion(region, [typeOf], symbols);
    return batch === undefined ? open : new BatchedRegion(open, batch);
  }

  /** Folds some rows in. */
  async #reduce(node: ResolvedNode, values: ReadonlyMap<string, unknown>, first: number, host: Host): Promise<void> {
    const { reduce, inputs: ports } = node.definition as NodeDefinition & HostBehaviour<Ports, Ports, Params>;
    const inputs: Record<string, unknown> = {};
    for (const [name, port] of Object.entries<Port>(ports)) {
      const list = (node.inputs[name] ?? []).map((from) => values.get(endpointKey(from)));
      inputs[name] = port.many ? list : list[0];
    }
    const read = itemsFor(node.definition, inputs) as never;
    const reducer = this.#reducers.get(node.id) ?? reduce?.start({ host, inputs: read, params: node.params });
    if (reducer) this.#reducers.set(node.id, reducer);
    await reducer?.add(read, first);
  }

  #isReducer(id: string): boolean {
    return this.measurement.evaluation.spec.graph.nodes.get(id)?.definition.reduce !== undefined;
  }

  /** The rows of everything that comes in. */
  #countRows(): number {
    const counts = this.#incoming.map((from) => ({ from, count: this.measurement.countOf(from) }));
    const [first] = counts;
    const other = counts.find(({ count }) => count !== first?.count);
    if (!first || !other) return first?.count ?? 0;
    throw new Failure({
      message:
        `${endpointKey(first.from)} has ${first.count} rows and ${endpointKey(other.from)} has ${other.count}, ` +
        "and both go through the same nodes.",
      hint: "Wire values of the same data, row by row.",
    });
  }
}

/** A version of a graph that is kept ready: what no call changes is computed once, and models stay loaded. */
import { join } from "node:path";
import type { Host } from "#nodes/core/host";
import type { Reducer } from "#nodes/core/node";
import type { Port, Ports } from "#nodes/core/ports";
import type { Tensor, Weights } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import type { Endpoint, GraphDocument, GraphNode } from "#nodes/graph/document";
import { infer, type Types } from "#nodes/graph/infer";
import { resolveParams } from "#nodes/graph/params";
import { neededEndpoints, plan, type Step } from "#nodes/graph/plan";
import type { Problem } from "#nodes/graph/problem";
import { drawnAs, endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { rowInputs } from "#nodes/graph/row-ports";
import { nodesOfStep, streamsOf } from "#nodes/graph/streams";
import { type Assignment, nodesLeadingTo, placeNamed } from "#nodes/graph/sweep";
import { env } from "../env";
import { Failure, failureOf, toPublic } from "../errors";
import { readyTargets } from "../graphs/ready";
import type { HeldSecrets } from "../hub/held-secrets";
import { prepareNodes } from "../prepare";
import { runHostNode } from "../runtime/data-threads/task";
import { execute } from "../runtime/execute";
import { createHost } from "../runtime/host/create-host";
import { itemsFor } from "../runtime/packed";
import { chooseProvider, type Provider } from "../runtime/providers";
import {
  BatchedRegion,
  batchOf,
  chunkTypes,
  type OpenRegion,
  openRegion,
  type Region,
  runRegion,
  tensorInputs,
} from "../runtime/region";
import { readAllRows, type RowType } from "../runtime/rows";
import { SessionPool } from "../runtime/sessions";
import type { Blobs } from "../storage/blobs";
import { usualRules } from "./batches";
import { partsOf } from "./row-values";

// Decoders, the web process and the database need the cores between two models.
const sessions = new SessionPool(undefined, "sleeping");
export interface Asked {
  document: GraphDocument;
  /** The nodes that are asked for. */
  targets: readonly string[];
  /** The values of a first call, those that hold rows among them. */
  values: Assignment;
  /** Of the team whose graph it is. */
  secrets: HeldSecrets;
}

type Loaded = OpenRegion | BatchedRegion;

export class ServedPlan {
  readonly #regions = new Map<Step, Promise<Loaded>>();

  private constructor(
    readonly graph: ResolvedGraph,
    readonly types: Types,
    readonly provider: Provider,
    /** Nodes that the rows of a call go through, in steps. */
    readonly steps: readonly Step[],
    /** What comes to a step in rows; nothing where some step needs all rows of a call at once. */
    readonly rowsOf: ReadonlyMap<Step, ReadonlySet<string>> | undefined,
    /** What is the same for every call, by "node.port". */
    readonly fixed: ReadonlyMap<string, unknown>,
    readonly targets: readonly string[],
  ) {}

  /** Whether rows of several calls may be computed together. */
  get isByRow(): boolean {
    return this.rowsOf !== undefined;
  }

  static async open({ document, targets, values, secrets }: Asked, blobs: Blobs): Promise<ServedPlan> {
    const checked = check(document);
    const { graph } = checked;
    const ready = readyTargets(document, checked, targets);
    const sources = new Set(Object.keys(partsOf(document, values).rows).map((name) => placeNamed(name).node));
    const rowNodes = nodesBehind(graph, sources, ready);
    refuseUnserved(graph, rowNodes);
    const { steps } = plan(graph, ready, (id) => !rowNodes.has(id));
    const hostFor = (id: string) => hostOf(graph, id, blobs, secrets);
    await prepareNodes(graph, steps.filter((step) => step.kind === "region").flatMap(nodesOfStep), hostFor);
    const types = infer(graph).types;
    const rowsOf = rowStepsOf({ graph, types, steps, sources, rowNodes });
    const fixed = await fixedValues({ document, graph, rowNodes, targets: ready, secrets }, blobs);
    return new ServedPlan(graph, types, await chooseProvider("auto"), steps, rowsOf, fixed, ready);
  }

  /** What the nodes gave for the rows of one call, or of several, by "node.port". */
  async run(rows: Assignment, blobs: Blobs): Promise<Map<string, unknown>> {
    const values = new Map(this.fixed);
    for (const step of this.steps) {
      try {
        if (step.kind === "host") await this.#runHost(step.node, rows, values, blobs);
        else for (const [name, tensor] of await this.#runRegion(step, values, blobs)) values.set(name, tensor);
      } catch (cause) {
        const node = nodesOfStep(step).at(-1);
        const title = node === undefined ? undefined : this.graph.nodes.get(node)?.definition.title;
        throw new Failure(toPublic(cause, { node, title }), { cause });
      }
    }
    return values;
  }

  async close(): Promise<void> {
    for (const region of this.#regions.values()) (await region.catch(() => undefined))?.close();
  }

  async #runHost(id: string, rows: Assignment, values: Map<string, unknown>, blobs: Blobs): Promise<void> {
    const node = withRows(this.graph.nodes.get(id) as ResolvedNode, rows);
    const host = hostOf(this.graph, id, blobs);
    if (node.definition.reduce) await foldRows(node, values, host);
    else await runHostNode(node, values, host);
  }

  async #runRegion(
    step: Extract<Step, { kind: "region" }>,
    values: ReadonlyMap<string, unknown>,
    blobs: Blobs,
  ): Promise<Map<string, Tensor>> {
    const incoming = new Map<string, Tensor>();
    for (const from of tensorInputs(this.graph, step.nodes))
      incoming.set(endpointKey(from), values.get(endpointKey(from)) as Tensor);
    if (!this.isByRow) {
      const valueOf = async (from: Endpoint) => incoming.get(endpointKey(from)) as Tensor;
      return runRegion({ ...this.#region(step, blobs), valueOf, progress: () => {} });
    }
    const loaded = this.#regions.get(step) ?? this.#load(step, incoming, blobs);
    this.#regions.set(step, loaded);
    loaded.catch(() => this.#regions.delete(step));
    return (await loaded).run(incoming, () => {});
  }

  async #load(
    step: Extract<Step, { kind: "region" }>,
    incoming: ReadonlyMap<string, Tensor>,
    blobs: Blobs,
  ): Promise<Loaded> {
    const batch = batchOf({ graph: this.graph, nodes: step.nodes });
    const rows = this.rowsOf?.get(step) ?? new Set<string>();
    const { typeOf, symbols } = chunkTypes(incoming, rows, this.types, usualRules.mostRows, batch);
    const open = await openRegion({ ...this.#region(step, blobs), streams: true }, [typeOf], symbols);
    return batch === undefined ? open : new BatchedRegion(open, batch);
  }

  #region({ nodes }: Extract<Step, { kind: "region" }>, blobs: Blobs): Region {
    const read = new Set([...this.graph.nodes.values()].flatMap((node) => this.#readBy(node, nodes)));
    const given = nodes.flatMap((node) =>
      Object.keys(this.graph.nodes.get(node)?.definition.outputs ?? {}).map((port) => ({ node, port })),
    );
    const wanted = given.filter((endpoint) => read.has(endpointKey(endpoint)) || this.targets.includes(endpoint.node));
    const weightsOf = async (from: Endpoint) => this.fixed.get(endpointKey(from)) as Weights;
    const signal = new AbortController().signal;
    return {
      graph: this.graph,
      nodes,
      weightsOf,
      blobs,
      sessions,
      provider: this.provider,
      signal,
      wanted,
      welcome: [],
    };
  }

  /** What a node outside of a region reads. */
  #readBy(node: ResolvedNode, region: readonly string[]): string[] {
    return region.includes(node.id) ? [] : Object.values(node.inputs).flat().map(endpointKey);
  }
}

/** A node that folds rows, on all of a call's at once. */
async function foldRows(node: ResolvedNode, values: Map<string, unknown>, host: Host): Promise<void> {
  const { definition, params } = node;
  const inputs: Record<string, unknown> = {};
  for (const [name, { many }] of Object.entries<Port>(definition.inputs)) {
    const read = (node.inputs[name] ?? []).map((from) => values.get(endpointKey(from)));
    inputs[name] = many ? read : read[0];
  }
  const items = itemsFor(definition, inputs);
  const reducer = definition.reduce?.start({ host, inputs: items, params }) as Reducer<Ports, Ports>;
  await reducer.add(items as never, 0);
  for (const [port, value] of Object.entries(await reducer.finish()))
    values.set(endpointKey({ node: node.id, port }), value);
}

/** The sources of rows, and all between them and the targets. */
function nodesBehind(graph: ResolvedGraph, sources: ReadonlySet<string>, targets: readonly string[]): Set<string> {
  const leading = nodesLeadingTo(graph.computed.document, ...targets);
  const behind = new Set<string>();
  for (const node of graph.nodes.values()) {
    const reads = Object.values(node.inputs).flat();
    const isBehind = sources.has(node.id) || reads.some((from) => behind.has(from.node));
    if (isBehind && leading.has(node.id)) behind.add(node.id);
  }
  return behind;
}

/** What trains, generates, exports or has an effect on the world is a run of its own. */
function refuseUnserved(graph: ResolvedGraph, nodes: ReadonlySet<string>): void {
  for (const id of nodes) {
    const { definition } = graph.nodes.get(id) as ResolvedNode;
    const isDeferred = Object.values<Port>(definition.inputs).some((port) => port.deferred);
    if (!isDeferred && !definition.effect) continue;
    throw new Failure({
      node: id,
      message: `${definition.title} cannot be served: it trains, generates, exports or writes.`,
      hint: "Ask for outputs that lie before it, or run the graph without serving it.",
    });
  }
}

interface Rows {
  graph: ResolvedGraph;
  types: Types;
  steps: readonly Step[];
  sources: ReadonlySet<string>;
  rowNodes: ReadonlySet<string>;
}

/** What comes to each step in rows; nothing where rows of different calls would meet in one of them. */
function rowStepsOf({ graph, types, steps, sources, rowNodes }: Rows): Map<Step, ReadonlySet<string>> | undefined {
  const others = steps.filter((step) => step.kind !== "host" || !sources.has(step.node));
  const found = new Map<Step, ReadonlySet<string>>();
  for (const joined of streamsOf(graph, types, others, rowInputs)) {
    if (joined.kind !== "stream") return undefined;
    for (const { step, rows } of joined.steps) found.set(step, rows);
  }
  const isByRow = others.every((step) => {
    const nodes = nodesOfStep(step);
    const meets = nodes.some((id) => {
      const { random, reduce } = graph.nodes.get(id)?.definition ?? {};
      return random === true || reduce !== undefined;
    });
    const read = nodes.flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
    const incoming = read.filter((from) => rowNodes.has(from.node) && !nodes.includes(from.node));
    return !meets && incoming.every((from) => found.get(step)?.has(endpointKey(from)));
  });
  return isByRow ? found : undefined;
}

interface Fixed {
  graph: ResolvedGraph;
  /** What the rows of a call go through: all others are the same for every call. */
  rowNodes: ReadonlySet<string>;
}

/** Computes what no call changes, or finds it in the cache. */
async function fixedValues(
  { document, graph, rowNodes, targets, secrets }: Omit<Asked, "values"> & Fixed,
  blobs: Blobs,
): Promise<Map<string, unknown>> {
  const read = [...rowNodes].flatMap((id) => neededEndpoints(graph, graph.nodes.get(id) as ResolvedNode));
  const outside = read.filter(({ node }) => !rowNodes.has(node));
  const nodes = new Set([...outside.map(({ node }) => node), ...targets.filter((id) => !rowNodes.has(id))]);
  const values = new Map<string, unknown>();
  if (!nodes.size) return values;
  const { data, folders, allowRemote } = env();
  const { status, error, outputs } = await execute({
    document,
    targets: [...nodes],
    blobs,
    cacheDir: join(data, "cache"),
    scratch: join(data, "scratch"),
    signal: new AbortController().signal,
    folders,
    allowRemote,
    secrets,
  });
  if (status !== "done") throw new Failure(error ?? { message: "The graph could not be made ready." });
  for (const node of nodes) {
    for (const [port, { type, value }] of Object.entries(outputs[node] ?? {}))
      values.set(endpointKey({ node, port }), await readAllRows(type as RowType, value, blobs));
  }
  return values;
}

/** A source with the rows of some calls. Throws what is wrong with them. */
function withRows(node: ResolvedNode, rows: Assignment): ResolvedNode {
  const own = Object.entries(rows).filter(([name]) => placeNamed(name).node === node.id);
  if (!own.length) return node;
  const given = Object.fromEntries(own.map(([name, value]) => [placeNamed(name).param, value]));
  const problems: Problem[] = [];
  const version = node.definition.version;
  const set = { ...node.params, ...given } as GraphNode["params"];
  const params = resolveParams(node.id, node.definition, { params: set, version }, problems);
  const wrong = problems.find(({ severity }) => severity === "error");
  if (wrong || !params) throw failureOf(wrong as Problem);
  return { ...node, params };
}

function hostOf(graph: ResolvedGraph, id: string, blobs: Blobs, secrets?: HeldSecrets) {
  const { data, folders, allowRemote } = env();
  return createHost({
    blobs,
    cacheDir: join(data, "cache"),
    signal: new AbortController().signal,
    folders,
    allowRemote,
    secrets,
    nodeId: drawnAs(graph, id),
    seed: 0,
    onProgress: () => {},
    onWarn: () => {},
    answersCalls: true,
  });
}

import type { NodeDefinition } from "../core/node";
import type { Port } from "../core/ports";
import type { Endpoint } from "./document";
import { isTrainedElsewhere, parametersFrom } from "./origins";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";
import { rowInputs, rowPorts } from "./row-ports";

/** One thing to do: a host node, or a region of tensor nodes that becomes one ONNX model. */
export type Step = { kind: "host"; node: string } | { kind: "region"; nodes: string[] };
export interface Plan {
  steps: Step[];
  run: string[];
  cached: string[];
}

/**
 * What lies upstream of deferred inputs, split by when it is computed: `rows` once before, `weights` once, as
 * starting values, `drawn` on the host when a row is drawn, `stepwise` on the host anew for every batch, `tensors`
 * inside the step graph, and `after` on the host behind those.
 */
export interface Cone {
  ends: Endpoint[];
  tensors: string[];
  /** Row-wise host nodes that give the same for a row whenever it is drawn. */
  drawn: string[];
  stepwise: string[];
  /** Host nodes behind what trains or is drawn anew: no gradient can pass them, but a metric is made of them. */
  after: string[];
  rows: Endpoint[];
  weights: Endpoint[];
}

/** The nodes that a cone computes itself, by when it does. */
type Parts = Pick<Cone, "tensors" | "drawn" | "stepwise" | "after">;

/** What lies upstream of one deferred input of a node, or of some of its wires. */
export function coneOf(graph: ResolvedGraph, ends: readonly Endpoint[]): Cone {
  return coneWith(graph, ends, partsUpstream(graph, ends));
}

/**
 * What generates: the decoders upstream of some ends with what makes embeddings of the same tokens for them, and what
 * lies behind these. All that they read from before is computed as usual; host nodes among them are in `after`.
 */
export function decodersOf(graph: ResolvedGraph, ends: readonly Endpoint[]): Cone {
  const decoding = upstreamOf(graph, ends, readsTokens);
  const read = new Set([...decoding].flatMap((id) => tokensOf(graph.nodes.get(id)) ?? []).map(endpointKey));
  const upstream = upstreamOf(graph, ends);
  const tensors = new Set<string>();
  const after = new Set<string>();
  for (const node of graph.nodes.values()) {
    const isBehind = sourcesOf(node, (port) => !port?.deferred).some(
      ({ node: id }) => tensors.has(id) || after.has(id),
    );
    const tokens = tokensOf(node);
    const isFirst = decoding.has(node.id) ? node.definition.decodes : tokens && read.has(endpointKey(tokens));
    if (!upstream.has(node.id) || (!isFirst && !isBehind)) continue;
    (node.definition.build ? tensors : after).add(node.id);
  }
  return coneWith(graph, ends, { tensors: [...tensors], drawn: [], stepwise: [], after: [...after] });
}

/** Where the tokens come from that a node decodes or makes embeddings of; nothing where none are wired. */
export function tokensOf(node: ResolvedNode | undefined): Endpoint | undefined {
  const { tokens } = node?.definition.decodes ?? node?.definition.embeds ?? {};
  return tokens === undefined ? undefined : node?.inputs[tokens]?.[0];
}

const readsTokens = (node: ResolvedNode): boolean => tokensOf(node) !== undefined;

/** A cone with what its nodes read from outside of it. */
function coneWith(graph: ResolvedGraph, ends: readonly Endpoint[], parts: Parts): Cone {
  const live = new Set(Object.values(parts).flat());
  const rows = new Map<string, Endpoint>();
  const weights = new Map<string, Endpoint>();
  for (const id of live) {
    const node = graph.nodes.get(id);
    for (const [name, sources] of Object.entries(node?.inputs ?? {})) {
      const fed = node?.definition.inputs[name]?.type === "weights" ? weights : rows;
      for (const source of sources.filter((endpoint) => !live.has(endpoint.node))) fed.set(endpointKey(source), source);
    }
  }
  return { ends: [...ends], ...parts, rows: [...rows.values()], weights: [...weights.values()] };
}

/** The nodes upstream by when a training computes them. */
function partsUpstream(graph: ResolvedGraph, ends: readonly Endpoint[]): Parts {
  const drawn = new Set<string>();
  const tensors = new Set<string>();
  const stepwise = new Set<string>();
  const after = new Set<string>();
  const computed = computedUpstream(graph, ends);
  for (const [id, isDrawn] of [...computed].reverse()) {
    const node = graph.nodes.get(id) as ResolvedNode;
    const { build, random, perBatch } = node.definition;
    const sources = computedSources(node).map((endpoint) => endpoint.node);
    if (isDrawn) drawn.add(id);
    else if (build) tensors.add(id);
    else if (sources.some((source) => tensors.has(source) || after.has(source))) after.add(id);
    else if (random || perBatch || sources.some((source) => stepwise.has(source))) stepwise.add(id);
  }
  return { tensors: [...tensors], drawn: [...drawn], stepwise: [...stepwise], after: [...after] };
}

/**
 * The nodes upstream that are not there beforehand, from the ends backwards, and whether they are made row by row. A
 * host node whose results never change in a training is there beforehand, with everything behind it, unless it works
 * row by row and nothing needs all of its rows: then a row is made when it is drawn.
 */
function computedUpstream(graph: ResolvedGraph, ends: readonly Endpoint[]): Map<string, boolean> {
  const asked = new Set(ends.map((end) => end.node));
  const steady = steadyNodes(graph, trainedBy(graph, ends));
  const varying = varyingNodes(graph);
  const upstream = new Set(asked);
  const readWhole = new Set<string>();
  const computed = new Map<string, boolean>();
  for (const node of [...graph.nodes.values()].reverse()) {
    if (!upstream.has(node.id)) continue;
    const { definition } = node;
    const isSteady = !definition.build && steady.has(node.id) && !asked.has(node.id);
    if (isSteady && readWhole.has(node.id)) continue;
    const isDrawn = isSteady && worksByRow(graph, node) && !varying.has(node.id);
    if (isSteady && !isDrawn && !varying.has(node.id)) continue;
    computed.set(node.id, isDrawn);
    const rows = new Set(rowPorts(definition));
    for (const [name, sources] of Object.entries(node.inputs)) {
      if (definition.inputs[name]?.deferred) continue;
      for (const source of sources) {
        upstream.add(source.node);
        if (!definition.build && !rows.has(name)) readWhole.add(source.node);
      }
    }
  }
  return computed;
}

/** Whether a host node may be given any rows of what other host nodes give, and is not worth keeping as a whole. */
function worksByRow(graph: ResolvedGraph, { definition, inputs }: ResolvedNode): boolean {
  const { reduce, expensive } = definition;
  const names = reduce || expensive ? [] : rowInputs(definition);
  const sources = names.flatMap((name) => inputs[name] ?? []);
  return sources.length > 0 && sources.every(({ node }) => !graph.nodes.get(node)?.definition.build);
}

/** The nodes that some ends depend on, themselves among them; not what lies behind one that `isLast`. */
export function upstreamOf(
  graph: ResolvedGraph,
  ends: readonly Endpoint[],
  isLast: (node: ResolvedNode) => boolean = () => false,
): Set<string> {
  const upstream = new Set<string>();
  const waiting = ends.map((end) => end.node);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = graph.nodes.get(id);
    if (!node || upstream.has(id)) continue;
    upstream.add(id);
    if (isLast(node)) continue;
    waiting.push(...computedSources(node).map((endpoint) => endpoint.node));
  }
  return upstream;
}

/**
 * Where the parameters come from that a gradient of some ends reaches: it passes tensor nodes alone. Nothing where no
 * end is a tensor node's, as of a metric.
 */
function trainedBy(graph: ResolvedGraph, ends: readonly Endpoint[]): Set<string> | undefined {
  const isHost = (node: ResolvedNode) => !node.definition.build;
  const losses = ends.filter(({ node }) => graph.nodes.get(node)?.definition.build);
  if (!losses.length) return undefined;
  const reached = [...upstreamOf(graph, losses, isHost)].flatMap((id) => graph.nodes.get(id) ?? []);
  return new Set(reached.filter(mayHoldParameters).map((node) => parametersFrom(graph, node)));
}

/**
 * Nodes that give the same for a row whatever is trained: nothing up to them draws anew, or holds parameters that are
 * trained. What another training gave stays as it is: data may be made with it, as captions are.
 */
function steadyNodes(graph: ResolvedGraph, trained: ReadonlySet<string> | undefined): Set<string> {
  const steady = new Set<string>();
  const learns = (node: ResolvedNode) =>
    !trained || !isTrainedElsewhere(graph, node) || trained.has(parametersFrom(graph, node));
  for (const node of graph.nodes.values()) {
    const changes = node.definition.random || (mayHoldParameters(node) && learns(node));
    if (!changes && computedSources(node).every((endpoint) => steady.has(endpoint.node))) steady.add(node.id);
  }
  return steady;
}

/**
 * Nodes whose results follow from which rows meet, or are made row by row of such: what needs all rows gets them as
 * they are when all meet.
 */
function varyingNodes(graph: ResolvedGraph): Set<string> {
  const varying = new Set<string>();
  for (const { id, definition, inputs } of graph.nodes.values()) {
    const rows = new Set(rowPorts(definition));
    const isFed = Object.entries(inputs).some(
      ([name, sources]) => (definition.build || rows.has(name)) && sources.some(({ node }) => varying.has(node)),
    );
    if (definition.perBatch || isFed) varying.add(id);
  }
  return varying;
}

/** Parameters are named under a scope. */
export const mayHoldParameters = ({ definition }: ResolvedNode): boolean =>
  definition.build !== undefined && "scope" in definition.params;

/** What the inputs of one sort are wired to. */
function sourcesOf(node: ResolvedNode, isWanted: (port: Port | undefined) => boolean): Endpoint[] {
  return Object.entries(node.inputs).flatMap(([name, sources]) =>
    isWanted(node.definition.inputs[name]) ? sources : [],
  );
}
const computedSources = (node: ResolvedNode): Endpoint[] => sourcesOf(node, (port) => !port?.deferred);

/** Everything whose value a node needs before it can run. */
export function neededEndpoints(graph: ResolvedGraph, node: ResolvedNode): Endpoint[] {
  const deferred = sourcesOf(node, (port) => port?.deferred === "value" || port?.deferred === "gradient");
  const structure = sourcesOf(node, (port) => port?.deferred === "structure");
  const generation = sourcesOf(node, (port) => port?.deferred === "generation");
  // Of most nodes nothing is deferred, and a cone is found by looking at the whole graph.
  const cones = [deferred.length && coneOf(graph, deferred), generation.length && decodersOf(graph, generation)];
  const read = cones.flatMap((cone) => (cone ? [...cone.rows, ...cone.weights] : []));
  return [...computedSources(node), ...read, ...(structure.length ? coneOf(graph, structure).weights : [])];
}

/** Nodes that feed nothing. */
export function leaves(graph: ResolvedGraph): string[] {
  return [...graph.nodes.keys()].filter((id) => !graph.computed.feeding.has(id));
}

/**
 * What a run computes when nothing else is asked: nodes that feed nothing, but for those in an instance that make what
 * it gives and nobody reads, while something else that it gives is read.
 */
export function sinks(graph: ResolvedGraph): string[] {
  const all = leaves(graph);
  const unread = unreadInside(graph);
  const read = all.filter((id) => !unread.has(id));
  return read.length ? read : all;
}

/** Nodes that make nothing but outputs of instances which nobody reads, of instances of which another one is read. */
export function unreadInside({ flat, computed, nodes }: ResolvedGraph): Set<string> {
  const readers = new Map<string, string[]>();
  for (const { from, to } of flat.instances.size ? computed.document.wires : [])
    readers.set(endpointKey(from), [...(readers.get(endpointKey(from)) ?? []), to.node]);
  const unread = new Set<string>();
  for (const { nodes: inside, outputs } of flat.instances.values()) {
    const own = new Set(inside);
    const given = Object.values(outputs).flat();
    const isRead = (end: Endpoint) => readers.get(endpointKey(end))?.some((node) => !own.has(node));
    if (!given.some(isRead)) continue;
    for (const { node } of given) if (!hasEffect(nodes.get(node)?.definition)) unread.add(node);
  }
  return unread;
}

/** What trains, or gives a file or a view, is there for that alone, whoever reads it. */
function hasEffect(definition: NodeDefinition | undefined): boolean {
  const ports = Object.values<Port>(definition?.outputs ?? {});
  const trains = Object.values<Port>(definition?.inputs ?? {}).some(({ deferred }) => deferred === "gradient");
  return trains || definition?.effect === true || ports.some(({ type }) => type === "file" || type === "view");
}

/** A key that is equal when and only when the result is: the node type, its params, and the keys of what it reads. */
export function signatures(
  graph: ResolvedGraph,
  hash: (text: string) => string,
  fingerprints: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const result = new Map<string, string>();
  for (const { id, definition, params, inputs, scopePrefix } of graph.nodes.values()) {
    const sources = Object.entries(inputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, endpoints]) => [name, endpoints.map((endpoint) => [result.get(endpoint.node), endpoint.port])]);
    const parts = [definition.type, definition.version, params, sources, fingerprints.get(id)];
    result.set(id, hash(JSON.stringify(scopePrefix === undefined ? parts : [...parts, scopePrefix])));
  }
  return result;
}

/** What must run for the targets, given what is already known, in an order that respects every wire. */
export function plan(graph: ResolvedGraph, targets: readonly string[], isCached: (node: string) => boolean): Plan {
  const run = new Set<string>();
  const cached = new Set<string>();
  const visit = (id: string) => {
    const node = graph.nodes.get(id);
    if (!node || run.has(id) || cached.has(id)) return;
    if (isCached(id)) {
      cached.add(id);
      return;
    }
    run.add(id);
    for (const source of neededEndpoints(graph, node)) visit(source.node);
  };
  for (const target of targets) visit(target);
  const order = [...graph.nodes.values()].filter((node) => run.has(node.id));
  return { steps: stepsOf(graph, order), run: order.map((node) => node.id), cached: [...cached] };
}

/** Nodes in an order that respects every wire to steps, neighbouring tensor nodes put together. */
function stepsOf(graph: ResolvedGraph, order: readonly ResolvedNode[]): Step[] {
  const running = new Map(order.map((node) => [node.id, node]));
  const sourcesOf = (node: ResolvedNode): ResolvedNode[] =>
    neededEndpoints(graph, node).flatMap((endpoint) => running.get(endpoint.node) ?? []);
  const fuses = (source: ResolvedNode, node: ResolvedNode): boolean =>
    Boolean(node.definition.build && source.definition.build && !source.definition.expensive && !node.definition.batch);
  return grouped(order, sourcesOf, fuses).map((group): Step => {
    const [first] = group as [ResolvedNode];
    const isHost = !first.definition.build;
    return isHost ? { kind: "host", node: first.id } : { kind: "region", nodes: group.map((node) => node.id) };
  });
}

/**
 * Puts items that fuse into groups, in an order that respects what each needs. An item's level counts the boundaries
 * before it; items of one level that touch are one group, and no group can wait for itself.
 */
export function grouped<T>(
  order: readonly T[],
  sourcesOf: (item: T) => readonly T[],
  fuses: (source: T, item: T) => boolean,
): T[][] {
  const levels = new Map<T, number>();
  const parents = new Map<T, T>();
  const levelOf = (item: T): number => levels.get(item) as number;
  const groupOf = (item: T): T => (parents.get(item) === item ? item : groupOf(parents.get(item) as T));
  for (const item of order) {
    const sources = sourcesOf(item);
    levels.set(item, Math.max(0, ...sources.map((source) => levelOf(source) + (fuses(source, item) ? 0 : 1))));
    parents.set(item, item);
    const touching = sources.filter((source) => fuses(source, item) && levelOf(source) === levelOf(item));
    for (const source of touching) parents.set(groupOf(source), groupOf(item));
  }
  const groups = new Map<T, T[]>();
  for (const item of order.toSorted((a, b) => levelOf(a) - levelOf(b))) {
    const group = groups.get(groupOf(item));
    if (group) group.push(item);
    else groups.set(groupOf(item), [item]);
  }
  return [...groups.values()];
}

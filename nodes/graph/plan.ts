import type { Port } from "../core/ports";
import type { Endpoint } from "./document";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";

/** One thing to do: a host node, or a region of tensor nodes that becomes one ONNX model. */
export type Step = { kind: "host"; node: string } | { kind: "region"; nodes: string[] };
export interface Plan {
  steps: Step[];
  run: string[];
  cached: string[];
}

/**
 * What lies upstream of deferred inputs, split by when it is computed: `rows` once before, `weights` once, as starting values, `stepwise` on the
 * host anew for every batch, `tensors` inside the step graph, and `after` on the host behind those.
 */
export interface Cone {
  ends: Endpoint[];
  tensors: string[];
  stepwise: string[];
  /** Host nodes behind a tensor node: no gradient can pass them, but a metric is made of them. */
  after: string[];
  rows: Endpoint[];
  weights: Endpoint[];
}

const sources = (node: ResolvedNode, of: (port: Port | undefined) => boolean): Endpoint[] =>
  Object.entries(node.inputs).flatMap(([name, from]) => (of(node.definition.inputs[name]) ? from : []));
const computed = (node: ResolvedNode): Endpoint[] => sources(node, (port) => !port?.deferred);

/** What lies upstream of one deferred input of a node, or of some of its wires. */
export function coneOf(graph: ResolvedGraph, ends: readonly Endpoint[]): Cone {
  const upstream = new Set<string>();
  const visit = (id: string) => {
    const found = graph.nodes.get(id);
    if (!found || upstream.has(id)) return;
    upstream.add(id);
    for (const source of computed(found)) visit(source.node);
  };
  for (const end of ends) visit(end.node);

  const tensors = new Set<string>();
  const stepwise = new Set<string>();
  const after = new Set<string>();
  for (const found of graph.nodes.values()) {
    if (!upstream.has(found.id)) continue;
    const from = computed(found).map((e) => e.node);
    if (found.definition.build) tensors.add(found.id);
    else if (from.some((id) => tensors.has(id) || after.has(id))) after.add(found.id);
    else if (found.definition.random || found.definition.perBatch || from.some((id) => stepwise.has(id)))
      stepwise.add(found.id);
  }
  const live = new Set([...tensors, ...stepwise, ...after]);
  const rows = new Map<string, Endpoint>();
  const weights = new Map<string, Endpoint>();
  for (const id of live) {
    for (const [name, from] of Object.entries(graph.nodes.get(id)?.inputs ?? {})) {
      const isWeights = graph.nodes.get(id)?.definition.inputs[name]?.type === "weights";
      for (const source of from)
        if (!live.has(source.node)) (isWeights ? weights : rows).set(endpointKey(source), source);
    }
  }
  return {
    ends: [...ends],
    tensors: [...tensors],
    stepwise: [...stepwise],
    after: [...after],
    rows: [...rows.values()],
    weights: [...weights.values()],
  };
}

/** Everything whose value a node needs before it can run. */
export function neededEndpoints(graph: ResolvedGraph, node: ResolvedNode): Endpoint[] {
  const { rows, weights } = coneOf(
    graph,
    sources(node, (port) => port?.deferred === true),
  );
  const structure = coneOf(
    graph,
    sources(node, (port) => port?.deferred === "structure"),
  );
  return [...computed(node), ...rows, ...weights, ...structure.weights];
}

/** Nodes that feed nothing: what a run computes when nothing else is asked. */
export const sinks = (graph: ResolvedGraph): string[] => {
  const feeding = new Set(
    [...graph.nodes.values()].flatMap((n) =>
      Object.values(n.inputs)
        .flat()
        .map((e) => e.node),
    ),
  );
  return [...graph.nodes.keys()].filter((id) => !feeding.has(id));
};

/** A key that is equal when and only when the result is: the node type, its params, and the keys of what it reads. */
export function signatures(
  graph: ResolvedGraph,
  hash: (text: string) => string,
  fingerprints: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const result = new Map<string, string>();
  for (const { id, definition, params, inputs } of graph.nodes.values()) {
    const from = Object.entries(inputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, list]) => [name, list.map((e) => [result.get(e.node), e.port])]);
    result.set(id, hash(JSON.stringify([definition.type, definition.version, params, from, fingerprints.get(id)])));
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

  // A node's level counts the boundaries before it; tensor nodes of one level that touch are one region, and no region can wait for itself.
  const order = [...graph.nodes.values()].filter((n) => run.has(n.id));
  const level = new Map<string, number>();
  const region = new Map<string, string>();
  const isTensor = (id: string) => Boolean(graph.nodes.get(id)?.definition.build);
  const find = (id: string): string => (region.get(id) === id ? id : find(region.get(id) as string));
  for (const node of order) {
    const from = neededEndpoints(graph, node)
      .map((e) => e.node)
      .filter((id) => run.has(id));
    const fuses = (id: string) => isTensor(node.id) && isTensor(id) && !graph.nodes.get(id)?.definition.expensive;
    level.set(node.id, Math.max(0, ...from.map((id) => (level.get(id) as number) + (fuses(id) ? 0 : 1))));
    if (!isTensor(node.id)) continue;
    region.set(node.id, node.id);
    for (const id of from) if (fuses(id) && level.get(id) === level.get(node.id)) region.set(find(id), find(node.id));
  }
  const steps = new Map<string, Step>();
  for (const node of order.toSorted((a, b) => (level.get(a.id) as number) - (level.get(b.id) as number))) {
    if (!isTensor(node.id)) {
      steps.set(node.id, { kind: "host", node: node.id });
      continue;
    }
    const step = steps.get(`region ${find(node.id)}`);
    if (step?.kind === "region") step.nodes.push(node.id);
    else steps.set(`region ${find(node.id)}`, { kind: "region", nodes: [node.id] });
  }
  return { steps: [...steps.values()], run: order.map((n) => n.id), cached: [...cached] };
}

/** A part of a graph to a composite, and an instance back to what lies in it: two edits that undo each other. */
import { registry as everyNode } from "../registry.gen";
import { ownDefinition } from "./composite-definition";
import { isNamed } from "./composite-scopes";
import { compositeIdOf, compositeOf, compositeType } from "./composites";
import { boundary, type Composite, type Endpoint, endpointKey, type GraphDocument, type GraphNode } from "./document";
import { idBeside } from "./edits";
import { innerScopes } from "./expand-scopes";
import type { Registry } from "./resolve";

type Nodes = GraphDocument["nodes"];
type Wires = GraphDocument["wires"];

/**
 * Puts nodes of a graph into a new composite and an instance in their place. What came in and went out are its ports,
 * one for each output that is read. Weights keep their names. Nothing where none of the nodes is there.
 */
export function make(
  document: GraphDocument,
  selection: readonly string[],
  { title = "Composite", registry = everyNode }: { title?: string; registry?: Registry } = {},
): { document: GraphDocument; id: string; composite: string } | undefined {
  const chosen = new Set(selection.filter((id) => Object.hasOwn(document.nodes, id)));
  const [first] = Object.keys(document.nodes).filter((id) => chosen.has(id));
  if (first === undefined) return undefined;
  const others = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => !chosen.has(id)));
  const id = idBeside(others, title.toLowerCase().replace(/[^a-z0-9]+/g, "_"));
  const composite = idBeside(document.composites ?? {}, id);
  const ports = new CrossedPorts(document.wires, chosen);
  const inside = Object.entries(document.nodes).filter(([each]) => chosen.has(each));
  const definition: Composite = {
    title,
    nodes: Object.fromEntries(inside),
    wires: innerWires(document.wires, chosen, ports),
    inputs: ports.declared("inputs"),
    outputs: ports.declared("outputs"),
    params: {},
  };
  const hasNames = inside.some(([each, node]) => holdsNames(document, node, each, registry));
  const instance: GraphNode = {
    type: compositeType(composite),
    version: 1,
    params: hasNames ? { scope: "" } : {},
    position: cornerOf(inside.map(([, node]) => node)),
  };
  return {
    id,
    composite,
    document: {
      ...document,
      nodes: replaced(document.nodes, chosen, { [id]: instance }),
      wires: outerWires(document.wires, chosen, ports, id),
      composites: { ...document.composites, [composite]: definition },
    },
  };
}

/**
 * Puts what lies in an instance in its place, with the instance's values. Nodes keep their ids where these are free; a
 * composite that has no instance any more is left to `withoutUnused`. Nothing where the node is no instance.
 */
export function expand(
  document: GraphDocument,
  id: string,
  registry: Registry = everyNode,
): { document: GraphDocument; ids: string[] } | undefined {
  const instance = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  const composite = compositeOf(document, instance);
  if (!instance || !composite) return undefined;
  const names = freshIds(document, id, composite);
  const corner = cornerOf(Object.values(composite.nodes));
  const by = { x: instance.position.x - corner.x, y: instance.position.y - corner.y };
  const valued = withValues(composite, instance);
  const scoped = innerScopes({ document, id, instance, composite, nodes: valued, names, registry });
  const inside = Object.entries(scoped).map(([inner, node]): [string, GraphNode] => {
    const position = { x: node.position.x + by.x, y: node.position.y + by.y };
    return [names.get(inner) ?? inner, { ...node, position }];
  });
  return {
    ids: inside.map(([each]) => each),
    document: {
      ...document,
      nodes: replaced(document.nodes, new Set([id]), Object.fromEntries(inside)),
      wires: expandedWires(document.wires, id, composite, names),
    },
  };
}

/** The document without a composite, if it has no instance. */
export function withoutUnused(document: GraphDocument, composite: string): GraphDocument {
  const { composites = {} } = document;
  const holders = [document, ...Object.values(composites)];
  const isUsed = holders.some(({ nodes }) =>
    Object.values(nodes).some(({ type }) => compositeIdOf(type) === composite),
  );
  if (isUsed || !Object.hasOwn(composites, composite)) return document;
  const { [composite]: _, ...others } = composites;
  const { composites: __, ...rest } = document;
  return Object.keys(others).length ? { ...rest, composites: others } : rest;
}

/** The upper left corner of some nodes. */
function cornerOf(nodes: readonly GraphNode[]): { x: number; y: number } {
  const xs = nodes.map(({ position }) => position.x);
  const ys = nodes.map(({ position }) => position.y);
  return nodes.length ? { x: Math.min(...xs), y: Math.min(...ys) } : { x: 0, y: 0 };
}

/** Nodes with some of them replaced by others, which stand where the first of them stood. */
function replaced(nodes: Nodes, gone: ReadonlySet<string>, others: Nodes): Nodes {
  let isPlaced = false;
  const entries = Object.entries(nodes).flatMap(([id, node]) => {
    if (!gone.has(id)) return [[id, node] as const];
    const here = isPlaced ? [] : Object.entries(others);
    isPlaced = true;
    return here;
  });
  return Object.fromEntries(entries);
}

function holdsNames(document: GraphDocument, node: GraphNode, id: string, registry: Registry): boolean {
  const inner = compositeOf(document, node);
  if (inner) return Object.entries(inner.nodes).some(([each, inside]) => holdsNames(document, inside, each, registry));
  return isNamed(ownDefinition(node, id, registry));
}

/** The ports that a boundary around some nodes needs: one for each output that is read across it. */
class CrossedPorts {
  readonly #names = { inputs: new Map<string, string>(), outputs: new Map<string, string>() };

  constructor(wires: Wires, chosen: ReadonlySet<string>) {
    for (const { from, to } of wires) {
      const [isFromInside, isToInside] = [chosen.has(from.node), chosen.has(to.node)];
      if (!isFromInside && isToInside) this.#name("inputs", from, to);
      if (isFromInside && !isToInside) this.#name("outputs", from, from);
    }
  }

  nameOf(side: "inputs" | "outputs", source: Endpoint): string {
    return this.#names[side].get(endpointKey(source)) ?? "";
  }

  declared(side: "inputs" | "outputs"): Composite["inputs"] {
    return Object.fromEntries([...this.#names[side].values()].map((name) => [name, {}]));
  }

  /** A port is called as the one inside; where several would be, as its node, too. */
  #name(side: "inputs" | "outputs", source: Endpoint, inner: Endpoint): void {
    const names = this.#names[side];
    if (names.has(endpointKey(source))) return;
    const taken = Object.fromEntries([...names.values()].map((name) => [name, true]));
    const [short, long] = [inner.port, `${inner.node}_${inner.port}`].map((name) => name.replace(/\W/g, "_"));
    const plain = idBeside({}, short ?? "");
    names.set(endpointKey(source), Object.hasOwn(taken, plain) ? idBeside(taken, long ?? "") : plain);
  }
}

function innerWires(wires: Wires, chosen: ReadonlySet<string>, ports: CrossedPorts): Composite["wires"] {
  const read = wires.flatMap(({ from, to }) => {
    if (!chosen.has(to.node)) return [];
    if (chosen.has(from.node)) return [{ from, to }];
    return [{ from: { node: boundary.inputs, port: ports.nameOf("inputs", from) }, to }];
  });
  const given = new Map<string, Endpoint>();
  for (const { from, to } of wires) {
    if (chosen.has(from.node) && !chosen.has(to.node)) given.set(endpointKey(from), from);
  }
  const outputs = [...given.values()].map((from) => ({
    from,
    to: { node: boundary.outputs, port: ports.nameOf("outputs", from) },
  }));
  return [...read, ...outputs];
}

/** The wires that are left outside; what fed several nodes inside feeds one port. */
function outerWires(wires: Wires, chosen: ReadonlySet<string>, ports: CrossedPorts, id: string): Wires {
  const fed = new Set<string>();
  return wires.flatMap(({ from, to }) => {
    const [isFromInside, isToInside] = [chosen.has(from.node), chosen.has(to.node)];
    if (isFromInside && isToInside) return [];
    if (isFromInside) return [{ from: { node: id, port: ports.nameOf("outputs", from) }, to }];
    if (!isToInside) return [{ from, to }];
    const port = ports.nameOf("inputs", from);
    if (fed.has(port)) return [];
    fed.add(port);
    return [{ from, to: { node: id, port } }];
  });
}

/** What the nodes of an instance are called beside those of the document. */
function freshIds(document: GraphDocument, instance: string, { nodes }: Composite): Map<string, string> {
  const { [instance]: _, ...others } = document.nodes;
  const taken: Record<string, unknown> = { ...others };
  const free = Object.keys(nodes).filter((inner) => !Object.hasOwn(others, inner));
  for (const inner of free) taken[inner] = true;
  const names = new Map(free.map((inner) => [inner, inner]));
  for (const inner of Object.keys(nodes)) {
    if (names.has(inner)) continue;
    const fresh = idBeside(taken, inner);
    names.set(inner, fresh);
    taken[fresh] = true;
  }
  return names;
}

function withValues({ nodes, params }: Composite, instance: GraphNode): Nodes {
  const valued = { ...nodes };
  for (const [name, { to }] of Object.entries(params)) {
    if (!Object.hasOwn(instance.params, name)) continue;
    const value = instance.params[name] as GraphNode["params"][string];
    for (const { node, param } of to) {
      const inner = valued[node];
      if (inner) valued[node] = { ...inner, params: { ...inner.params, [param]: value } };
    }
  }
  return valued;
}

/** The wires of a graph with an instance taken apart: those inside first where they are read from outside. */
function expandedWires(
  wires: Wires,
  id: string,
  { wires: inner }: Composite,
  names: ReadonlyMap<string, string>,
): Wires {
  const renamed = ({ node, port }: Endpoint): Endpoint => ({ node: names.get(node) ?? node, port });
  const fed = (port: string) => wires.filter(({ to }) => to.node === id && to.port === port).map(({ from }) => from);
  function sourcesOf(source: Endpoint, passed: readonly string[] = []): Endpoint[] {
    if (source.node !== id) return [source];
    if (passed.includes(source.port)) return [];
    const given = inner.filter(({ to }) => to.node === boundary.outputs && to.port === source.port);
    return given.flatMap(({ from }) => innerSources(from, [...passed, source.port]));
  }
  function innerSources(source: Endpoint, passed: readonly string[] = []): Endpoint[] {
    if (source.node !== boundary.inputs) return [renamed(source)];
    return fed(source.port).flatMap((outer) => sourcesOf(outer, passed));
  }
  const outside = wires.flatMap(({ from, to }) =>
    to.node === id ? [] : sourcesOf(from).map((source) => ({ from: source, to })),
  );
  const inside = inner.flatMap(({ from, to }) =>
    to.node === boundary.outputs ? [] : innerSources(from).map((source) => ({ from: source, to: renamed(to) })),
  );
  return [...outside, ...inside];
}

/** A part of a graph to a composite, and an instance back to what lies in it: two edits that undo each other. */
import { registry as everyNode } from "../registry.gen";
import {
  added,
  frameItem,
  frameOf,
  hasItem,
  membersOf,
  noteItem,
  withAnnotations,
  withBendsMoved,
  withMembers,
} from "./annotations";
import { compositeOf, compositeType } from "./composites";
import {
  boundary,
  type Composite,
  type Endpoint,
  endpointKey,
  type GraphDocument,
  type GraphNode,
  type Point,
  type Wire,
} from "./document";
import { idBeside } from "./edits";
import { holdsNames, innerScopes } from "./expand-scopes";
import { handedIn, handedOut, publishedBy, withPublished } from "./handed-on";
import { withPinsOf } from "./instance-pins";
import type { Registry } from "./resolve";

type Nodes = GraphDocument["nodes"];
type Wires = GraphDocument["wires"];

interface MakeOptions {
  title?: string;
  registry?: Registry;
  inside?: string;
}

/**
 * Puts nodes of a graph into a new composite and an instance in their place. What came in and went out are its ports,
 * one for each output that is read. Weights keep their names. `inside` is the composite of which the graph is the
 * inside: what it publishes of the nodes, it publishes then of the instance. Nothing where none of the nodes is there.
 */
export function make(
  document: GraphDocument,
  selection: readonly string[],
  { title = "Composite", registry = everyNode, inside: around }: MakeOptions = {},
): { document: GraphDocument; id: string; composite: string } | undefined {
  const items = withMembers(document, selection);
  const chosen = new Set(items.filter((id) => Object.hasOwn(document.nodes, id)));
  const [first] = Object.keys(document.nodes).filter((id) => chosen.has(id));
  if (first === undefined) return undefined;
  const others = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => !chosen.has(id)));
  const id = idBeside(others, title.toLowerCase().replace(/[^a-z0-9]+/g, "_"));
  const composite = idBeside(document.composites ?? {}, id);
  const ports = new CrossedPorts(document.wires, chosen);
  const inside = Object.entries(document.nodes).filter(([each]) => chosen.has(each));
  const drawn = annotationsAround(document, chosen, new Set(items));
  const published = handedIn(publishedBy(document, around), chosen, id);
  const definition = withAnnotations<Composite>(
    {
      title,
      nodes: Object.fromEntries(inside),
      wires: innerWires(document.wires, chosen, ports),
      inputs: ports.declared("inputs"),
      outputs: ports.declared("outputs"),
      params: published.inner,
    },
    drawn.inside,
  );
  const hasNames = inside.some(([each, node]) => holdsNames(document, node, each, registry));
  const instance: GraphNode = {
    type: compositeType(composite),
    version: 1,
    params: hasNames ? { scope: "" } : {},
    position: cornerOf(inside.map(([, node]) => node)),
    ...(drawn.frame === undefined ? {} : { frame: drawn.frame }),
  };
  const made = {
    ...document,
    nodes: replaced(document.nodes, chosen, { [id]: instance }),
    wires: outerWires(document.wires, chosen, ports, id),
    composites: { ...document.composites, [composite]: definition },
  };
  const told = withPublished(made, around, () => published.outer);
  return { id, composite, document: withAnnotations(told, drawn.outside) };
}

/**
 * Puts what lies in an instance in its place, with the instance's values. Nodes keep their ids where these are free; a
 * composite that has no instance any more is left to `withoutUnused`. `inside` is the composite of which the graph is
 * the inside: what it publishes of the instance, it publishes then of its nodes. Nothing where the node is no instance.
 */
export function expand(
  document: GraphDocument,
  id: string,
  { registry = everyNode, inside: around }: Omit<MakeOptions, "title"> = {},
): { document: GraphDocument; ids: string[] } | undefined {
  const instance = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  const composite = compositeOf(document, instance);
  if (!instance || !composite) return undefined;
  const names = freshIds(document, id, composite);
  const corner = cornerOf(Object.values(composite.nodes));
  const by = { x: instance.position.x - corner.x, y: instance.position.y - corner.y };
  const valued = withPinned(withValues(composite, instance), instance);
  const scoped = innerScopes({ document, id, instance, composite, nodes: valued, names, registry });
  const { place, frames, notes } = placing(document, instance, composite, by);
  const inside = Object.entries(scoped).map(([inner, node]): [string, GraphNode] => {
    const off = node.off ?? (instance.off === "muted" ? "muted" : undefined);
    return [names.get(inner) ?? inner, place(off ? { ...node, off } : node)];
  });
  const expanded = {
    ...document,
    nodes: replaced(document.nodes, new Set([id]), Object.fromEntries(inside)),
    wires: expandedWires({ wires: document.wires, id, composite, names, by }),
  };
  const told = withPublished(expanded, around, (params) =>
    handedOut(params, id, composite.params, (inner) => names.get(inner) ?? inner),
  );
  return { ids: inside.map(([each]) => each), document: withAnnotations(told, { frames, notes }) };
}

type Annotations = Pick<GraphDocument, "frames" | "notes">;

/**
 * Frames and notes as they are parted when nodes become a composite: inside are those that were chosen, and those
 * around nothing but chosen nodes. `frame` is the one that all of it lies in.
 */
function annotationsAround(
  document: GraphDocument,
  chosen: ReadonlySet<string>,
  items: ReadonlySet<string>,
): { inside: Annotations; outside: Annotations; frame: string | undefined } {
  const { frames = {}, notes = {} } = document;
  const going = new Set(items);
  for (const id of Object.keys(frames)) {
    const members = membersOf(document, id);
    const nodes = members.filter((item) => Object.hasOwn(document.nodes, item));
    if (!nodes.length || !nodes.every((node) => chosen.has(node))) continue;
    for (const item of [frameItem(id), ...members]) going.add(item);
  }
  const parted = <T>(table: Record<string, T>, itemOf: (id: string) => string, isInside: boolean): Record<string, T> =>
    Object.fromEntries(Object.entries(table).filter(([id]) => going.has(itemOf(id)) === isInside));
  const outermost = [...going].filter((item) => {
    const frame = hasItem(document, item) ? frameOf(document, item) : undefined;
    return hasItem(document, item) && (frame === undefined || !going.has(frameItem(frame)));
  });
  const around = new Set(outermost.map((item) => frameOf(document, item)));
  return {
    inside: { frames: parted(frames, frameItem, true), notes: parted(notes, noteItem, true) },
    outside: { frames: parted(frames, frameItem, false), notes: parted(notes, noteItem, false) },
    frame: around.size === 1 ? [...around][0] : undefined,
  };
}

/** Where what lies in an instance comes to lie, and the document's frames and notes with those inside. */
function placing(document: GraphDocument, instance: GraphNode, composite: Composite, by: Point) {
  const names = freeNames(document.frames, composite.frames);
  function place<T extends { position: Point; frame?: string }>(value: T): T {
    const within = value.frame === undefined ? undefined : names.get(value.frame);
    const frame = within ?? instance.frame ?? value.frame;
    const placed = { ...value, position: added(value.position, by) };
    return frame === undefined ? placed : { ...placed, frame };
  }
  function together<T extends { position: Point; frame?: string }>(
    outer: Record<string, T> = {},
    inner: Record<string, T> = {},
    fresh: ReadonlyMap<string, string> = freeNames(outer, inner),
  ): Record<string, T> {
    const placed = Object.entries(inner).map(([id, value]) => [fresh.get(id) ?? id, place(value)] as const);
    return { ...outer, ...Object.fromEntries(placed) };
  }
  return {
    place,
    frames: together(document.frames, composite.frames, names),
    notes: together(document.notes, composite.notes),
  };
}

/** What those of one table are called beside those of another: as before, where that is free. */
function freeNames(outer: object = {}, inner: object = {}): Map<string, string> {
  const taken: Record<string, unknown> = { ...outer };
  const ids = Object.keys(inner);
  for (const id of ids) taken[id] ??= true;
  const names = new Map<string, string>();
  for (const id of ids) {
    const name = Object.hasOwn(outer, id) ? idBeside(taken, id) : id;
    taken[name] = true;
    names.set(id, name);
  }
  return names;
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
  // What comes in bends inside, where each of several readers has a wire of its own; what goes out bends outside.
  const read = wires.flatMap((wire) => {
    const { from, to } = wire;
    if (!chosen.has(to.node)) return [];
    if (chosen.has(from.node)) return [wire];
    return [{ ...wire, from: { node: boundary.inputs, port: ports.nameOf("inputs", from) } }];
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
  return wires.flatMap((wire) => {
    const { from, to } = wire;
    const [isFromInside, isToInside] = [chosen.has(from.node), chosen.has(to.node)];
    if (isFromInside && isToInside) return [];
    if (isFromInside) return [{ ...wire, from: { node: id, port: ports.nameOf("outputs", from) } }];
    if (!isToInside) return [wire];
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

function withPinned(nodes: Nodes, { pins }: GraphNode): Nodes {
  return Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, withPinsOf(pins, id, node)]));
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

interface Expanding {
  wires: Wires;
  id: string;
  composite: Composite;
  names: ReadonlyMap<string, string>;
  /** How far what lies inside moves. */
  by: Point;
}

/** Where a wire begins, and how it bends on its way through boundaries. */
type Beginning = Pick<Wire, "from" | "via">;

/** The wires of a graph with an instance taken apart: those inside first where they are read from outside. */
function expandedWires({ wires, id, composite, names, by }: Expanding): Wires {
  const inner = composite.wires.map((wire) => withBendsMoved(wire, by));
  const renamed = ({ node, port }: Endpoint): Endpoint => ({ node: names.get(node) ?? node, port });
  const fed = (port: string) => wires.filter(({ to }) => to.node === id && to.port === port);
  function beginningsOf(wire: Beginning, passed: readonly string[] = []): Beginning[] {
    const { from, via } = wire;
    if (from.node !== id) return [{ from, via }];
    if (passed.includes(from.port)) return [];
    const given = inner.filter(({ to }) => to.node === boundary.outputs && to.port === from.port);
    return given.flatMap((each) => innerBeginnings(each, [...passed, from.port])).map((each) => bentOn(each, via));
  }
  function innerBeginnings({ from, via }: Beginning, passed: readonly string[] = []): Beginning[] {
    if (from.node !== boundary.inputs) return [{ from: renamed(from), via }];
    return fed(from.port).flatMap((outer) => beginningsOf(outer, passed).map((each) => bentOn(each, via)));
  }
  const outside = wires.flatMap((wire) =>
    wire.to.node === id ? [] : beginningsOf(wire).map((beginning) => wireFrom(beginning, wire.to)),
  );
  const inside = inner.flatMap((wire) =>
    wire.to.node === boundary.outputs
      ? []
      : innerBeginnings(wire).map((beginning) => wireFrom(beginning, renamed(wire.to))),
  );
  return [...outside, ...inside];
}

const bentOn = ({ from, via = [] }: Beginning, more: Wire["via"] = []): Beginning => ({
  from,
  via: [...via, ...more].slice(0, 32),
});

const wireFrom = ({ from, via }: Beginning, to: Endpoint): Wire => (via?.length ? { from, to, via } : { from, to });

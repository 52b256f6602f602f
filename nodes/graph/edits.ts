import { registry as everyNode } from "../registry.gen";
import { cleanText, cleanTexts } from "#models/files/text";
import {
  added,
  changeItems,
  frameIdOf,
  frameItem,
  isHeld,
  itemNamed,
  noteItem,
  outermost,
  rounded,
  unframe,
  withAnnotations,
  withBendsMoved,
  withMembers,
} from "./annotations";
import { compositeIdOf, compositesIn, compositesWithin, compositeType } from "./composites";
import { constantsFor, referenceTo, replaceIn } from "./constants";
import {
  type Composite,
  type GraphDocument,
  type GraphNode,
  isNodeId,
  type Pin,
  type Point,
  type Wire,
} from "./document";
import { definitionOf, endpointKey, type Registry } from "./resolve";

/**
 * Every change the editor makes, as a pure function of the document. An edit that changes nothing returns the same
 * document. What is typed and pasted becomes text that can be kept.
 */
export const sameWire = (a: Wire, b: Wire): boolean =>
  endpointKey(a.from) === endpointKey(b.from) && endpointKey(a.to) === endpointKey(b.to);

/** An id that is free, made of the node's file name: "resize", "resize_2" … */
export function freeId(document: GraphDocument, type: string): string {
  return idBeside(document.nodes, type);
}

/** A name that is free in a table: "resize", "resize_2" … */
export function idBeside(nodes: Readonly<Record<string, unknown>>, type: string): string {
  const name = (type.split(/[.:]/).at(-1) ?? "").replace(/-/g, "_").replace(/[^\w]/g, "").slice(0, 50);
  const stem = isNodeId(name) ? name : "node";
  for (let n = 1; ; n++) {
    const id = n === 1 ? stem : `${stem}_${n}`;
    if (!Object.hasOwn(nodes, id)) return id;
  }
}

export function addNode(
  document: GraphDocument,
  type: string,
  position: Point,
  registry: Registry = everyNode,
): { document: GraphDocument; id: string } {
  const id = freeId(document, type);
  const version = registry[type]?.version ?? 1;
  return {
    id,
    document: {
      ...document,
      nodes: {
        ...document.nodes,
        [id]: { type, version, params: instanceParams(document, type), position: rounded(position) },
      },
    },
  };
}

/** Takes items away, with the wires of nodes; what lies in a frame stays where it is. */
export function removeNodes(document: GraphDocument, items: readonly string[]): GraphDocument {
  const gone = new Set(items);
  const frames = items.flatMap((item) => frameIdOf(item) ?? []);
  const now = frames.length ? unframe(document, frames) : document;
  const kept = <T>(table: Record<string, T> = {}, itemOf: (id: string) => string = String): Record<string, T> =>
    Object.fromEntries(Object.entries(table).filter(([id]) => !gone.has(itemOf(id))));
  const wires = now.wires.filter((w) => !gone.has(w.from.node) && !gone.has(w.to.node));
  return withAnnotations(
    { ...now, nodes: kept(now.nodes), wires },
    { frames: now.frames, notes: now.notes && kept(now.notes, noteItem) },
  );
}

/** Draws a wire; an input that takes one wire loses the one it had. */
export function connect(document: GraphDocument, wire: Wire, registry: Registry = everyNode): GraphDocument {
  if (document.wires.some((drawn) => sameWire(drawn, wire))) return document;
  const many = definitionOf(document, wire.to.node, registry)?.inputs[wire.to.port]?.many;
  const others = many ? document.wires : document.wires.filter(({ to }) => endpointKey(to) !== endpointKey(wire.to));
  return { ...document, wires: [...others, wire] };
}

export const disconnect = (document: GraphDocument, wires: readonly Wire[]): GraphDocument => ({
  ...document,
  wires: document.wires.filter((w) => !wires.some((gone) => sameWire(w, gone))),
});

function changeNode(document: GraphDocument, id: string, changes: Partial<GraphNode>): GraphDocument {
  const node = document.nodes[id];
  return node ? { ...document, nodes: { ...document.nodes, [id]: { ...node, ...changes } } } : document;
}

/** Bypasses nodes, or mutes them; runs them again where all of them are so already. */
export function toggleOff(
  document: GraphDocument,
  ids: readonly string[],
  off: NonNullable<GraphNode["off"]>,
): GraphDocument {
  const nodes = ids.filter((id) => Object.hasOwn(document.nodes, id));
  const isOff = nodes.length > 0 && nodes.every((id) => document.nodes[id]?.off === off);
  return changeNodes(document, nodes, (node) => ({ ...node, off: isOff ? undefined : off }));
}

/** Draws nodes as their titles alone; whole again where all of them are drawn so already. */
export function toggleCollapsed(document: GraphDocument, ids: readonly string[]): GraphDocument {
  const nodes = ids.filter((id) => Object.hasOwn(document.nodes, id));
  const isCollapsed = nodes.length > 0 && nodes.every((id) => document.nodes[id]?.collapsed);
  return changeNodes(document, nodes, (node) => ({ ...node, collapsed: isCollapsed ? undefined : true }));
}

/** Lets a result stand in for running a node; without one it runs again. */
export const setPin = (document: GraphDocument, id: string, pin: Pin | undefined): GraphDocument =>
  changeNodes(document, [id], (node) => ({ ...node, pin }));

/** What is pinned inside of an instance alone, by the ways from it; none at all takes the field away. */
export const setPins = <L extends Pick<GraphDocument, "nodes">>(level: L, id: string, pins: GraphNode["pins"]): L =>
  changeNodes(level, [id], (node) => ({ ...node, pins: Object.keys(pins ?? {}).length ? pins : undefined }));

/** The document with no pinned result, as others get it, for whom it would not be there. */
export const withoutPins = (document: GraphDocument): GraphDocument =>
  changeEverywhere(document, (node) => ({ ...node, pin: undefined, pins: undefined }));

/** The document with all its nodes run, as if none were bypassed, muted or pinned. */
export const withAllOn = (document: GraphDocument): GraphDocument =>
  changeEverywhere(document, (node) => ({ ...node, pin: undefined, pins: undefined, off: undefined }));

/** Changes nodes of the document and of its composites. The same document where none changes. */
function changeEverywhere(document: GraphDocument, change: (node: GraphNode) => GraphNode): GraphDocument {
  const changed = <L extends Pick<GraphDocument, "nodes">>(level: L): L =>
    changeNodes(level, Object.keys(level.nodes), change);
  const now = changed(document);
  const composites = Object.entries(document.composites ?? {}).map(([id, each]) => [id, each, changed(each)] as const);
  if (composites.every(([, before, after]) => before === after)) return now;
  return { ...now, composites: Object.fromEntries(composites.map(([id, , after]) => [id, after])) };
}

/** Changes nodes; what is said to be undefined is taken away. The same graph where none of them changes. */
function changeNodes<L extends Pick<GraphDocument, "nodes">>(
  level: L,
  ids: readonly string[],
  change: (node: GraphNode) => GraphNode,
): L {
  const changed = ids.flatMap((id) => {
    const node = level.nodes[id];
    if (!node) return [];
    const entries = Object.entries(change(node)).filter(([, value]) => value !== undefined);
    const next = Object.fromEntries(entries) as GraphNode;
    const isSame =
      Object.keys(next).length === Object.keys(node).length &&
      entries.every(([name, value]) => node[name as keyof GraphNode] === value);
    return isSame ? [] : [[id, next] as const];
  });
  return changed.length ? { ...level, nodes: { ...level.nodes, ...Object.fromEntries(changed) } } : level;
}

/** Sets a parameter; `undefined` returns it to its default. */
export function setParam(
  document: GraphDocument,
  id: string,
  name: string,
  value: GraphNode["params"][string] | undefined,
): GraphDocument {
  const { [name]: _, ...rest } = document.nodes[id]?.params ?? {};
  return changeNode(document, id, { params: value === undefined ? rest : { ...rest, [name]: cleanTexts(value) } });
}

/** A title of nothing but spaces is none; others stay as they are typed, or no space could be typed at an end. */
export const setTitle = (document: GraphDocument, id: string, title: string): GraphDocument =>
  changeNode(document, id, { title: title.trim() ? cleanText(title) : undefined });

export const setNote = (document: GraphDocument, id: string, note: string): GraphDocument =>
  changeNode(document, id, { note: cleanText(note) || undefined });

export const setName = (document: GraphDocument, name: string): GraphDocument => ({
  ...document,
  name: cleanText(name),
});

export const setDescription = (document: GraphDocument, description: string): GraphDocument => ({
  ...document,
  description: cleanText(description),
});

/** Puts items at places. Bends of a wire go along where both its ends move by the same way. */
export function moveNodes(document: GraphDocument, positions: Readonly<Record<string, Point>>): GraphDocument {
  const moved = changeItems(document, Object.keys(positions), (item, now) => {
    const position = rounded(positions[item] as Point);
    const isThere = now.position.x === position.x && now.position.y === position.y;
    const rests = isThere || isHeld(document, item);
    return rests ? now : { ...now, position };
  });
  if (moved === document || !document.wires.some(({ via }) => via)) return moved;
  const wayOf = (id: string): Point => {
    const [before, after] = [document.nodes[id]?.position, moved.nodes[id]?.position];
    return before && after ? { x: after.x - before.x, y: after.y - before.y } : { x: 0, y: 0 };
  };
  const wires = document.wires.map((wire) => {
    const [from, to] = [wayOf(wire.from.node), wayOf(wire.to.node)];
    const isCarried = wire.via && (from.x || from.y) && from.x === to.x && from.y === to.y;
    return isCarried ? withBendsMoved(wire, from) : wire;
  });
  return { ...moved, wires };
}

/** Lets items rest at other places; a frame takes along what lies in it, and what does is not moved by itself. */
export function placeItems(document: GraphDocument, places: Readonly<Record<string, Point>>): GraphDocument {
  const now = (item: string) => itemNamed(document, item)?.position as Point;
  const carried = outermost(document, Object.keys(places)).flatMap((item) => {
    const [from, to] = [now(item), places[item] as Point];
    const by = { x: to.x - from.x, y: to.y - from.y };
    return withMembers(document, [item]).map((each) => [each, added(now(each), by)] as const);
  });
  return moveNodes(document, Object.fromEntries(carried));
}

/** A part of a graph, with the composites whose instances lie in it and the constants that it refers to. */
export type Part = Pick<GraphDocument, "nodes" | "wires" | "frames" | "notes" | "composites" | "constants">;

/** The chosen items, all that lies in chosen frames, and the wires among them: what is copied. */
export function excerpt(document: GraphDocument, items: readonly string[]): Part {
  const chosen = new Set(withMembers(document, items));
  const chosenOf = <T extends { frame?: string }>(
    table: Record<string, T> = {},
    itemOf = String as (id: string) => string,
  ) =>
    Object.fromEntries(
      Object.entries(table).flatMap(([id, value]) => (chosen.has(itemOf(id)) ? [[id, inChosen(value, chosen)]] : [])),
    );
  const nodes = chosenOf(document.nodes);
  const [frames, notes] = [chosenOf(document.frames, frameItem), chosenOf(document.notes, noteItem)];
  const composites = compositesWithin(document, compositesIn(nodes));
  const constants = constantsFor(document, nodes);
  const wires = document.wires.filter((w) => chosen.has(w.from.node) && chosen.has(w.to.node));
  return {
    ...withAnnotations<Part>({ nodes, wires }, { frames, notes }),
    ...(Object.keys(composites).length ? { composites } : {}),
    ...(Object.keys(constants).length ? { constants } : {}),
  };
}

/** Without the frame that it lies in, where that is not chosen. */
function inChosen<T extends { frame?: string }>(value: T, chosen: ReadonlySet<string>): T {
  const { frame, ...rest } = value;
  return frame === undefined || chosen.has(frameItem(frame)) ? value : (rest as T);
}

/**
 * Adds copies under free ids; wires that came into the excerpt from outside are not copied. Composites and constants
 * that the document lacks, or has otherwise, come along. The ids are those of items.
 */
export function paste(
  document: GraphDocument,
  copied: Part,
  offset: Point,
): { document: GraphDocument; ids: string[] } {
  const { constants, part } = withConstantsOf(document, copied);
  const { composites, nodes } = withComposites(document, part);
  const [frames, notes] = [part.frames ?? {}, part.notes ?? {}];
  const frameNames = freshNames(document.frames, frames, (_, id) => id);
  const noteNames = freshNames(document.notes, notes, (_, id) => id);
  const nodeNames = freshNames(document.nodes, nodes, ({ type }) => type);
  function copy<T extends { position: Point; frame?: string }>(value: T): T {
    const { frame, ...rest } = value;
    const position = rounded(added(value.position, offset));
    const into = frame === undefined ? undefined : frameNames.get(frame);
    return { ...rest, position, ...(into === undefined ? {} : { frame: into }) } as T;
  }
  function together<T extends { position: Point; frame?: string }>(
    known: Record<string, T> | undefined,
    fresh: Record<string, T>,
    names: ReadonlyMap<string, string>,
  ): Record<string, T> {
    const copies = Object.entries(fresh).map(([id, value]) => [names.get(id) ?? id, copy(value)] as const);
    return { ...known, ...Object.fromEntries(copies) };
  }
  const copies = part.wires.flatMap((wire) => {
    const [from, to] = [nodeNames.get(wire.from.node), nodeNames.get(wire.to.node)];
    if (!from || !to) return [];
    return [withBendsMoved({ ...wire, from: { ...wire.from, node: from }, to: { ...wire.to, node: to } }, offset)];
  });
  const pasted = withAnnotations(
    {
      ...document,
      nodes: withNamesOfTheirOwn(document, together(document.nodes, nodes, nodeNames)),
      wires: [...document.wires, ...copies],
      ...(composites ? { composites } : {}),
      ...(constants ? { constants } : {}),
    },
    { frames: together(document.frames, frames, frameNames), notes: together(document.notes, notes, noteNames) },
  );
  const ids = [
    ...nodeNames.values(),
    ...[...frameNames.values()].map(frameItem),
    ...[...noteNames.values()].map(noteItem),
  ];
  return { document: pasted, ids };
}

/** What copies are called beside what is there. */
function freshNames<T>(
  known: Readonly<Record<string, unknown>> | undefined,
  copied: Readonly<Record<string, T>>,
  stemOf: (value: T, id: string) => string,
): Map<string, string> {
  const taken: Record<string, unknown> = { ...known };
  const names = new Map<string, string>();
  for (const [id, value] of Object.entries(copied)) {
    const fresh = idBeside(taken, stemOf(value, id));
    taken[fresh] = true;
    names.set(id, fresh);
  }
  return names;
}

/** The constants of a document and of a part of another, and the part as it refers to them. */
function withConstantsOf(document: GraphDocument, part: Part): { constants?: GraphDocument["constants"]; part: Part } {
  const names = new Map<string, string>();
  const together = { ...document.constants };
  for (const [name, constant] of Object.entries(part.constants ?? {})) {
    const isKnown = JSON.stringify(together[name]) === JSON.stringify(constant);
    const fresh = isKnown || !Object.hasOwn(together, name) ? name : idBeside(together, name);
    together[fresh] = constant;
    if (fresh !== name) names.set(name, fresh);
  }
  if (!Object.keys(together).length) return { part };
  if (!names.size) return { constants: together, part };
  const renamed = replaceIn(part, (name) => (names.has(name) ? referenceTo(names.get(name) ?? name) : undefined));
  return { constants: together, part: renamed };
}

/** The composites of a document and of a part of another, and the part's nodes as instances of them. */
function withComposites(document: GraphDocument, part: Part): Part {
  const names = new Map<string, string>();
  const together = { ...document.composites };
  for (const [id, composite] of Object.entries(part.composites ?? {})) {
    const isKnown = JSON.stringify(together[id]) === JSON.stringify(composite);
    const name = isKnown || !Object.hasOwn(together, id) ? id : idBeside(together, id);
    names.set(id, name);
    together[name] ??= composite;
  }
  if (!names.size) return { ...part, composites: document.composites };
  for (const name of names.values()) {
    const { nodes, ...composite } = together[name] as Composite;
    if (!Object.hasOwn(document.composites ?? {}, name))
      together[name] = { ...composite, nodes: renamedTypes(nodes, names) };
  }
  return { ...part, nodes: renamedTypes(part.nodes, names), composites: together };
}

function renamedTypes(nodes: GraphDocument["nodes"], names: ReadonlyMap<string, string>): GraphDocument["nodes"] {
  const entries = Object.entries(nodes).map(([id, node]) => {
    const composite = compositeIdOf(node.type);
    const name = composite === undefined ? undefined : names.get(composite);
    return [id, name === undefined || name === composite ? node : { ...node, type: compositeType(name) }];
  });
  return Object.fromEntries(entries);
}

/** Of instances of one composite only one calls its weights as they are called inside. */
function withNamesOfTheirOwn({ nodes: known }: GraphDocument, nodes: GraphDocument["nodes"]): GraphDocument["nodes"] {
  const nameOf = ({ type, params }: GraphNode) => JSON.stringify([type, params.scope]);
  const taken = new Set(Object.values(known).map(nameOf));
  const entries = Object.entries(nodes).map(([id, node]): [string, GraphNode] => {
    const { scope, ...params } = node.params;
    const isNamed = compositeIdOf(node.type) !== undefined && scope !== undefined;
    if (!isNamed || Object.hasOwn(known, id) || !taken.has(nameOf(node))) return [id, node];
    return [id, { ...node, params }];
  });
  return Object.fromEntries(entries);
}

/** The first instance of a composite calls its weights as they are called inside: others may be given them. */
function instanceParams(document: GraphDocument, type: string): GraphNode["params"] {
  const isFirst =
    compositeIdOf(type) !== undefined && !Object.values(document.nodes).some((node) => node.type === type);
  return isFirst && instanceHasNames(document, type) ? { scope: "" } : {};
}

function instanceHasNames(document: GraphDocument, type: string): boolean {
  const trial = {
    ...document,
    nodes: { trial: { type, version: 1, params: {}, position: { x: 0, y: 0 } } },
    wires: [],
  };
  return "scope" in (definitionOf(trial, "trial", everyNode)?.params ?? {});
}

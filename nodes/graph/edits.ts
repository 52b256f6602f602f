import { registry as everyNode } from "../registry.gen";
import { cleanText, cleanTexts } from "#models/files/text";
import { compositeIdOf, compositesIn, compositesWithin, compositeType } from "./composites";
import { type Composite, type GraphDocument, type GraphNode, isNodeId, type Wire } from "./document";
import { definitionOf, endpointKey, type Registry } from "./resolve";

/**
 * Every change the editor makes, as a pure function of the document. An edit that changes nothing returns the same
 * document. What is typed and pasted becomes text that can be kept.
 */
type Position = { x: number; y: number };

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
  position: Position,
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

const rounded = ({ x, y }: Position): Position => ({ x: Math.round(x), y: Math.round(y) });

export function removeNodes(document: GraphDocument, ids: readonly string[]): GraphDocument {
  const gone = new Set(ids);
  return {
    ...document,
    nodes: Object.fromEntries(Object.entries(document.nodes).filter(([id]) => !gone.has(id))),
    wires: document.wires.filter((w) => !gone.has(w.from.node) && !gone.has(w.to.node)),
  };
}

/** Draws a wire; an input that takes one wire loses the one it had. */
export function connect(document: GraphDocument, wire: Wire, registry: Registry = everyNode): GraphDocument {
  const many = definitionOf(document, wire.to.node, registry)?.inputs[wire.to.port]?.many;
  const others = document.wires.filter((w) => (many ? !sameWire(w, wire) : endpointKey(w.to) !== endpointKey(wire.to)));
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

export function moveNodes(document: GraphDocument, positions: Readonly<Record<string, Position>>): GraphDocument {
  const moved = Object.entries(positions).flatMap(([id, next]) => {
    const node = document.nodes[id];
    const position = rounded(next);
    const rests = !node || (node.position.x === position.x && node.position.y === position.y);
    return rests ? [] : [[id, { ...node, position }]];
  });
  return moved.length ? { ...document, nodes: { ...document.nodes, ...Object.fromEntries(moved) } } : document;
}

/** A part of a graph, with the composites whose instances lie in it. */
export type Part = Pick<GraphDocument, "nodes" | "wires" | "composites">;

/** The chosen nodes and the wires among them: what is copied. */
export function excerpt(document: GraphDocument, ids: readonly string[]): Part {
  const chosen = new Set(ids);
  const nodes = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => chosen.has(id)));
  const composites = compositesWithin(document, compositesIn(nodes));
  return {
    nodes,
    wires: document.wires.filter((w) => chosen.has(w.from.node) && chosen.has(w.to.node)),
    ...(Object.keys(composites).length ? { composites } : {}),
  };
}

/**
 * Adds copies under free ids; wires that came into the excerpt from outside are not copied. Composites that the
 * document lacks, or has otherwise, come along.
 */
export function paste(
  document: GraphDocument,
  part: Part,
  offset: Position,
): { document: GraphDocument; ids: string[] } {
  const { composites, nodes } = withComposites(document, part);
  const { wires } = part;
  const renamed = new Map<string, string>();
  const together = { ...document.nodes };
  for (const [id, node] of Object.entries(nodes)) {
    const fresh = idBeside(together, node.type);
    renamed.set(id, fresh);
    const position = rounded({ x: node.position.x + offset.x, y: node.position.y + offset.y });
    together[fresh] = withWeightsOfItsOwn(document, { ...node, position });
  }
  const copies = wires.flatMap((w) => {
    const from = renamed.get(w.from.node);
    const to = renamed.get(w.to.node);
    return from && to ? [{ from: { ...w.from, node: from }, to: { ...w.to, node: to } }] : [];
  });
  const wired = [...document.wires, ...copies];
  const pasted = { ...document, nodes: together, wires: wired, ...(composites ? { composites } : {}) };
  return { document: pasted, ids: [...renamed.values()] };
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
function withWeightsOfItsOwn({ nodes }: GraphDocument, node: GraphNode): GraphNode {
  const isAlike = (other: GraphNode) => other.type === node.type && other.params.scope === node.params.scope;
  if (compositeIdOf(node.type) === undefined || node.params.scope === undefined) return node;
  if (!Object.values(nodes).some(isAlike)) return node;
  const { scope: _, ...params } = node.params;
  return { ...node, params };
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

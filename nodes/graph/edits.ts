import { registry as everyNode } from "../registry.gen";
import type { GraphDocument, GraphNode, Wire } from "./document";
import { definitionOf, endpointKey, type Registry } from "./resolve";

/**
 * Every change the editor makes, as a pure function of the document. An edit that changes nothing returns the same
 * document.
 */
type Position = { x: number; y: number };

export const sameWire = (a: Wire, b: Wire): boolean =>
  endpointKey(a.from) === endpointKey(b.from) && endpointKey(a.to) === endpointKey(b.to);

/** An id that is free, made of the node's file name: "resize", "resize_2" … */
export function freeId(document: GraphDocument, type: string): string {
  const stem = (type.split(".").at(-1) ?? "node").replace(/-/g, "_").replace(/[^\w]/g, "") || "node";
  for (let n = 1; ; n++) {
    const id = n === 1 ? stem : `${stem}_${n}`;
    if (!Object.hasOwn(document.nodes, id)) return id;
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
      nodes: { ...document.nodes, [id]: { type, version, params: {}, position: rounded(position) } },
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
  return changeNode(document, id, { params: value === undefined ? rest : { ...rest, [name]: value } });
}

export const setTitle = (document: GraphDocument, id: string, title: string): GraphDocument =>
  changeNode(document, id, { title: title.trim() || undefined });

export const setNote = (document: GraphDocument, id: string, note: string): GraphDocument =>
  changeNode(document, id, { note: note || undefined });

export function moveNodes(document: GraphDocument, positions: Readonly<Record<string, Position>>): GraphDocument {
  const moved = Object.entries(positions).filter(([id, next]) => {
    const now = document.nodes[id]?.position;
    return now && (now.x !== Math.round(next.x) || now.y !== Math.round(next.y));
  });
  return moved.reduce((changed, [id, next]) => changeNode(changed, id, { position: rounded(next) }), document);
}

/** The chosen nodes and the wires among them: what is copied. */
export function excerpt(document: GraphDocument, ids: readonly string[]): Pick<GraphDocument, "nodes" | "wires"> {
  const chosen = new Set(ids);
  return {
    nodes: Object.fromEntries(Object.entries(document.nodes).filter(([id]) => chosen.has(id))),
    wires: document.wires.filter((w) => chosen.has(w.from.node) && chosen.has(w.to.node)),
  };
}

/** Adds copies under free ids; wires that came into the excerpt from outside are not copied. */
export function paste(
  document: GraphDocument,
  { nodes, wires }: Pick<GraphDocument, "nodes" | "wires">,
  offset: Position,
): { document: GraphDocument; ids: string[] } {
  const renamed = new Map<string, string>();
  let result = document;
  for (const [id, node] of Object.entries(nodes)) {
    const fresh = freeId(result, node.type);
    renamed.set(id, fresh);
    const position = rounded({ x: node.position.x + offset.x, y: node.position.y + offset.y });
    result = { ...result, nodes: { ...result.nodes, [fresh]: { ...node, position } } };
  }
  const copies = wires.flatMap((w) => {
    const from = renamed.get(w.from.node);
    const to = renamed.get(w.to.node);
    return from && to ? [{ from: { ...w.from, node: from }, to: { ...w.to, node: to } }] : [];
  });
  return { document: { ...result, wires: [...result.wires, ...copies] }, ids: [...renamed.values()] };
}

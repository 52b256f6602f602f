/** Where two states of a document differ: what undo and redo show. */
import type { GraphDocument, Wire } from "#nodes/graph/document";
import { sameWire } from "#nodes/graph/edits";

export interface Change {
  /** The composite that was changed inside; nothing where it was the graph itself. */
  composite: string | undefined;
  /** Nodes that are new or others than before. */
  nodes: string[];
  /** Where nodes lay that are gone. */
  gone: { x: number; y: number }[];
  /** The ends of wires that came or went. */
  near: string[];
}

type Level = Pick<GraphDocument, "nodes" | "wires">;

/** The first graph, that of the document or one inside of a composite, that is another; nothing if only texts are. */
export function changeBetween(before: GraphDocument, after: GraphDocument): Change | undefined {
  const outer = changeOf(before, after);
  if (outer) return { composite: undefined, ...outer };
  const composites = after.composites ?? {};
  for (const [id, composite] of Object.entries(composites)) {
    const known = before.composites?.[id];
    const inner = known && known !== composite ? changeOf(known, composite) : undefined;
    if (inner) return { composite: id, ...inner };
  }
  return undefined;
}

function changeOf(before: Level, after: Level): Omit<Change, "composite"> | undefined {
  const nodes = Object.keys(after.nodes).filter((id) => before.nodes[id] !== after.nodes[id]);
  const gone = Object.entries(before.nodes).filter(([id]) => !Object.hasOwn(after.nodes, id));
  const wires = before.wires === after.wires ? [] : [...onlyIn(before, after), ...onlyIn(after, before)];
  if (!nodes.length && !gone.length && !wires.length) return undefined;
  const ends = new Set(wires.flatMap(({ from, to }) => [from.node, to.node]));
  const near = [...ends].filter((id) => Object.hasOwn(after.nodes, id));
  return { nodes, gone: gone.map(([, { position }]) => position), near };
}

function onlyIn(one: Level, other: Level): Wire[] {
  const kept = new Set(other.wires);
  return one.wires.filter((wire) => !kept.has(wire) && !other.wires.some((each) => sameWire(each, wire)));
}

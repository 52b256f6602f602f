import dagre from "@dagrejs/dagre";
import type { GraphDocument } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";
import { gaps, inLayers, type Point, type SizeOf } from "./layers";

/** dagre's time grows with the square of the nodes, and a chain of some thousand overflows its stack. */
const mostForDagre = 300;

/** Left to right, no node on another. `sizeOf` says how large a node is on the screen. */
export function tidy(document: GraphDocument, sizeOf: SizeOf): GraphDocument {
  const isLarge = Object.keys(document.nodes).length > mostForDagre;
  return moveNodes(document, isLarge ? inLayers(document, sizeOf) : byDagre(document, sizeOf));
}

/** Arranges some nodes alone: what they cover begins where it did. */
export function tidyPart(document: GraphDocument, ids: readonly string[], sizeOf: SizeOf): GraphDocument {
  const chosen = new Set(ids);
  const nodes = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => chosen.has(id)));
  const wires = document.wires.filter(({ from, to }) => chosen.has(from.node) && chosen.has(to.node));
  const before = cornerOf(nodes);
  const arranged = tidy({ ...document, nodes, wires }, sizeOf).nodes;
  const now = cornerOf(arranged);
  const places = Object.entries(arranged).map(([id, { position }]): [string, Point] => [
    id,
    { x: position.x + before.x - now.x, y: position.y + before.y - now.y },
  ]);
  return moveNodes(document, Object.fromEntries(places));
}

function cornerOf(nodes: GraphDocument["nodes"]): Point {
  const positions = Object.values(nodes).map(({ position }) => position);
  return { x: Math.min(...positions.map(({ x }) => x)), y: Math.min(...positions.map(({ y }) => y)) };
}

function byDagre(document: GraphDocument, sizeOf: SizeOf): Record<string, Point> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: gaps.y, ranksep: gaps.x });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = Object.keys(document.nodes);
  for (const id of ids) graph.setNode(id, { ...sizeOf(id) });
  for (const { from, to } of document.wires) graph.setEdge(from.node, to.node);
  dagre.layout(graph);
  // dagre places the middle of a node, and a document its corner.
  const corners = ids.map((id): [string, Point] => {
    const { x, y } = graph.node(id);
    const { width, height } = sizeOf(id);
    return [id, { x: x - width / 2, y: y - height / 2 }];
  });
  return Object.fromEntries(corners);
}

import dagre from "@dagrejs/dagre";
import type { GraphDocument } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";

type SizeOf = (id: string) => { width: number; height: number };

/** Left to right, no node on another. `sizeOf` says how large a node is on the screen. */
export function tidy(document: GraphDocument, sizeOf: SizeOf): GraphDocument {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 36, ranksep: 70 });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = Object.keys(document.nodes);
  for (const id of ids) graph.setNode(id, sizeOf(id));
  for (const { from, to } of document.wires) graph.setEdge(from.node, to.node);
  dagre.layout(graph);
  // dagre places the middle of a node, and a document its corner.
  const corners = ids.map((id) => {
    const { x, y } = graph.node(id);
    const { width, height } = sizeOf(id);
    return [id, { x: x - width / 2, y: y - height / 2 }];
  });
  return moveNodes(document, Object.fromEntries(corners));
}

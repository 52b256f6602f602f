import dagre from "@dagrejs/dagre";
import type { GraphDocument } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";

/** Left to right, no node on another. `sizeOf` says how large a node is on the screen. */
export function tidy(
  document: GraphDocument,
  sizeOf: (id: string) => { width: number; height: number },
): GraphDocument {
  const graph = new dagre.graphlib.Graph()
    .setGraph({ rankdir: "LR", nodesep: 36, ranksep: 70 })
    .setDefaultEdgeLabel(() => ({}));
  for (const id of Object.keys(document.nodes)) graph.setNode(id, sizeOf(id));
  for (const { from, to } of document.wires) graph.setEdge(from.node, to.node);
  dagre.layout(graph);
  return moveNodes(
    document,
    Object.fromEntries(
      Object.keys(document.nodes).map((id) => {
        const { x, y } = graph.node(id);
        const { width, height } = sizeOf(id);
        return [id, { x: x - width / 2, y: y - height / 2 }];
      }),
    ),
  );
}

import type { GraphDocument, GraphNode, Pin } from "#nodes/graph/document";

/** The pinned results of a document, by the ids of their nodes; of those inside of composites, too. */
export function pinsOf(document: GraphDocument): [node: string, pin: Pin][] {
  const levels = [document.nodes, ...Object.values(document.composites ?? {}).map(({ nodes }) => nodes)];
  return levels.flatMap((nodes) =>
    Object.entries<GraphNode>(nodes).flatMap(([id, { pin }]): [string, Pin][] => (pin ? [[id, pin]] : [])),
  );
}

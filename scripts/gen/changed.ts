import type { GraphDocument, GraphNode } from "#nodes/graph/document";

/** Parameters by node; “llava/vision” is the node “vision” inside of the composite “llava”. */
export type Changes = Readonly<Record<string, object>>;

/** The document itself, with some of its parameters changed. */
export function changed(document: GraphDocument, ...all: readonly Changes[]): GraphDocument {
  for (const [path, params] of all.flatMap((changes) => Object.entries(changes))) {
    const node = nodeNamed(document, path);
    if (!node) throw new Error(`“${document.name}” has no node “${path}”.`);
    Object.assign(node.params, params);
  }
  return document;
}

export function nodeNamed({ nodes, composites }: GraphDocument, path: string): GraphNode | undefined {
  const [id = "", composite] = path.split("/").reverse();
  return (composite === undefined ? nodes : composites?.[composite]?.nodes)?.[id];
}

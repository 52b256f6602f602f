import { registry as everyNode } from "../registry.gen";
import type { GraphDocument } from "./document";
import { type Registry, resolve } from "./resolve";

/**
 * A parameter in which graphs differ: its value in each of them, defaults filled in; nothing where the graph lacks
 * the node.
 */
export interface Difference {
  node: string;
  param: string;
  values: unknown[];
}

/**
 * The parameters in which graphs differ, in the order of the first graph that has them. A node that is another type
 * in one graph differs in "type"; one in an instance is named as "instance/node".
 */
export function differences(documents: readonly GraphDocument[], registry: Registry = everyNode): Difference[] {
  const graphs = documents.map((document) => {
    const { nodes, flat } = resolve(document, registry);
    return new Map(
      Object.entries(flat.document.nodes).map(([id, node]) => [
        id,
        { type: node.type, ...(nodes.get(id)?.params ?? node.params) } as Record<string, unknown>,
      ]),
    );
  });
  const rows: Difference[] = [];
  for (const node of new Set(graphs.flatMap((g) => [...g.keys()]))) {
    for (const param of new Set(graphs.flatMap((g) => Object.keys(g.get(node) ?? {})))) {
      const values = graphs.map((g) => g.get(node)?.[param]);
      if (new Set(values.map((v) => JSON.stringify(v))).size > 1) rows.push({ node, param, values });
    }
  }
  return rows;
}

import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import type { GraphDocument } from "#nodes/graph/document";
import { flattened } from "#nodes/graph/flatten";
import { registry } from "#nodes/registry.gen";

/** How many nodes a graph has on its first level, and whether it trains. */
export function stepsOf(document: GraphDocument): { nodes: number; trains: boolean } {
  const types = Object.values(flattened(document).document.nodes).map(({ type }) => type);
  return { nodes: Object.keys(document.nodes).length, trains: types.some(isTrainer) };
}

/** A node that takes a part of the graph unevaluated, and its data, is a trainer. */
const isTrainer = (type: string): boolean =>
  Object.values<Port>((registry as Record<string, NodeDefinition>)[type]?.inputs ?? {}).some(
    (port) => port.deferred === "gradient",
  );

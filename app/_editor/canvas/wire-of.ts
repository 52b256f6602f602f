import type { Connection, Edge } from "@xyflow/react";
import type { Wire } from "#nodes/graph/document";

/**
 * A wire as React Flow holds it: the port type that colours it, what is wrong with it, and it as the document has it.
 */
export type FlowWire = Edge<{ type: string; bad?: string; wire?: Wire }>;

/** The wire that React Flow's connection stands for; nothing while one of its ends hangs free. */
export function wireOf({ source, sourceHandle, target, targetHandle }: Connection | FlowWire): Wire | undefined {
  if (!source || !sourceHandle || !target || !targetHandle) return undefined;
  return { from: { node: source, port: sourceHandle }, to: { node: target, port: targetHandle } };
}

import type { Connection, Edge } from "@xyflow/react";
import type { Wire } from "#nodes/graph/document";

/**
 * A wire as React Flow holds it: the port type that colours it, what is wrong with it, and it as the document has it.
 * `isFolded` says that it is drawn to a frame that is shut, in which one of its ends lies.
 */
export type FlowWire = Edge<{ type: string; bad?: string; wire?: Wire; isFolded?: boolean }>;

/** The wire that React Flow's connection stands for; nothing while one of its ends hangs free. */
export function wireOf(drawn: Connection | FlowWire): Wire | undefined {
  if ("data" in drawn && drawn.data?.wire) return { from: drawn.data.wire.from, to: drawn.data.wire.to };
  const { source, sourceHandle, target, targetHandle } = drawn;
  if (!source || !sourceHandle || !target || !targetHandle) return undefined;
  return { from: { node: source, port: sourceHandle }, to: { node: target, port: targetHandle } };
}

/**
 * Room for a node in a wire: what lies behind is moved by as much as is lacking, and not at all where there is enough.
 */
import { useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import type { GraphDocument, Wire } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";
import { along } from "../neighbours";
import { gaps } from "../snapping";

export type SizeOf = (id: string) => { width: number; height: number };

/** A graph with a node that was put into a wire at a place between the wire's ends. */
export function withRoom(level: GraphDocument, node: string, { from, to }: Wire, sizeOf: SizeOf): GraphDocument {
  const source = level.nodes[from.node]?.position;
  const target = level.nodes[to.node]?.position;
  const { width } = sizeOf(node);
  if (!source || !target) return level;
  const start = source.x + sizeOf(from.node).width;
  const spare = target.x - start - width;
  const y = (source.y + target.y) / 2;
  if (spare >= gaps.x) return moveNodes(level, { [node]: { x: start + spare / 2, y } });
  const x = start + gaps.x / 2;
  const lacking = x + width + gaps.x / 2 - target.x;
  const behind = [...along(level, [to.node], "downstream")].filter((id) => id !== node && id !== from.node);
  const moved = behind.flatMap((id) => {
    const position = level.nodes[id]?.position;
    return position ? [[id, { x: position.x + lacking, y: position.y }] as const] : [];
  });
  return moveNodes(level, { [node]: { x, y }, ...Object.fromEntries(moved) });
}

export function useRoom(): (level: GraphDocument, node: string, wire: Wire) => GraphDocument {
  const sizeOf = useSizes();
  return useCallback((level, node, wire) => withRoom(level, node, wire, sizeOf), [sizeOf]);
}

/** How large nodes are drawn; of one that was not yet, what cards mostly have. */
export function useSizes(): SizeOf {
  const flow = useReactFlow();
  return useCallback(
    (id) => {
      const { width = 240, height = 120 } = flow.getInternalNode(id)?.measured ?? {};
      return { width, height };
    },
    [flow],
  );
}

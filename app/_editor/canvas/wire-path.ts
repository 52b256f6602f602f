/** Where wires are drawn between their ends. */
import { type EdgeProps, getBezierPath, Position } from "@xyflow/react";
import type { Point } from "#nodes/graph/document";

/** Where a wire begins and ends, and on which sides of nodes. */
type WireEnds = Pick<EdgeProps, "sourceX" | "sourceY" | "sourcePosition" | "targetX" | "targetY" | "targetPosition">;

/** The way of a wire through its bends, each met and left level. */
export function pathThrough(wire: WireEnds, via: readonly Point[] | undefined): string {
  if (!via?.length) return getBezierPath(wire)[0];
  const start = { x: wire.sourceX, y: wire.sourceY };
  const stops = [start, ...via, { x: wire.targetX, y: wire.targetY }];
  return stops
    .slice(1)
    .map((to, i) => {
      const from = stops[i] as Point;
      const [path] = getBezierPath({
        sourceX: from.x,
        sourceY: from.y,
        sourcePosition: Position.Right,
        targetX: to.x,
        targetY: to.y,
        targetPosition: Position.Left,
      });
      return path;
    })
    .join(" ");
}

/** About the middle of a wire, where it says what it carries. */
export function middleOf(wire: WireEnds, via: readonly Point[] | undefined): Point {
  if (!via?.length) {
    const [, x, y] = getBezierPath(wire);
    return { x, y };
  }
  const stops = [{ x: wire.sourceX, y: wire.sourceY }, ...via, { x: wire.targetX, y: wire.targetY }];
  const place = Math.floor((stops.length - 1) / 2);
  const [before, after] = [stops[place] as Point, stops[place + 1] as Point];
  return { x: (before.x + after.x) / 2, y: (before.y + after.y) / 2 };
}

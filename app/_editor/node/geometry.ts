/**
 * Where a card has its ports, and how large it is while it says nothing but them: known before it is drawn, so that
 * a graph is shown at once and measured afterwards.
 */
import { type NodeHandle, Position } from "@xyflow/react";
import type { NodeDefinition } from "#nodes/core/node";
import { portsOf, type Side } from "./ports";

export const cardWidth = 240;
/** Of a side of a composite's boundary, inside of it. */
export const boundaryWidth = 150;
const border = 1;
const header = 32;
const padding = 6;
const rowHeight = 22;
const handleSize = 11;

/** Distance of a port's middle from the inner edge of the border above. */
export function portTop(row: number): number {
  return header + padding + rowHeight * (row + 0.5);
}

export function cardHeight(definition: NodeDefinition | undefined): number {
  const rows = Math.max(portsOf(definition, "in").length, portsOf(definition, "out").length);
  return 2 * border + header + 2 * padding + rowHeight * rows;
}

/** The handles as React Flow will find them when it measures. */
export function cardHandles(definition: NodeDefinition | undefined): NodeHandle[] {
  return [...handlesOn("in", definition), ...handlesOn("out", definition)];
}

function handlesOn(side: Side, definition: NodeDefinition | undefined): NodeHandle[] {
  const isInput = side === "in";
  const middle = isInput ? border : cardWidth - border;
  return portsOf(definition, side).map(([id], row) => ({
    id,
    type: isInput ? "target" : "source",
    position: isInput ? Position.Left : Position.Right,
    x: middle - handleSize / 2,
    y: border + portTop(row) - handleSize / 2,
    width: handleSize,
    height: handleSize,
  }));
}

/** How a graph is shown at first: so that its titles and results can be read. */
import type { Rect, Viewport } from "@xyflow/react";

/** Titles are 7.5 pixels high at it, and what a preview shows can be told. */
export const legibleZoom = 0.6;
const margin = 40;

interface Size {
  width: number;
  height: number;
}

/**
 * The view of all where it can be read; else the beginning of the graph, at its left, with the nodes there in the
 * middle. `bounds` is what holds all nodes; `nodes` are their places.
 */
export function firstView(bounds: Rect, nodes: readonly Rect[], size: Size): Viewport | undefined {
  const room = { width: size.width - 2 * margin, height: size.height - 2 * margin };
  const zoom = Math.min(room.width / bounds.width, room.height / bounds.height, 1);
  if (zoom >= legibleZoom) return undefined;
  const right = bounds.x + room.width / legibleZoom;
  const seen = nodes.filter(({ x, width }) => x + width / 2 <= right);
  const top = Math.min(...seen.map(({ y }) => y));
  const bottom = Math.max(...seen.map(({ y, height }) => y + height));
  const height = (bottom - top) * legibleZoom;
  const y =
    height <= room.height
      ? (size.height - height) / 2 - top * legibleZoom
      : margin - bestTop(seen, room.height / legibleZoom) * legibleZoom;
  return { x: margin - bounds.x * legibleZoom, y, zoom: legibleZoom };
}

/**
 * Where nodes that are higher than the screen are looked at: with the upper one of the first column, where the graph
 * begins, and as many of the others as there is room for. The upper one of places that are as good.
 */
function bestTop(nodes: readonly Rect[], height: number): number {
  const left = Math.min(...nodes.map(({ x }) => x));
  const column = nodes.filter(({ x, width }) => x < left + width / 2);
  const first = column.reduce((upper, node) => (node.y < upper.y ? node : upper));
  const firstEnd = first.y + Math.min(first.height, height);
  const shownFrom = (top: number) => nodes.filter((node) => node.y >= top && node.y + node.height <= top + height);
  const tops = nodes
    .map(({ y }) => y)
    .filter((top) => top <= first.y && firstEnd <= top + height)
    .sort((one, other) => one - other);
  return tops.reduce((best, top) => (shownFrom(top).length > shownFrom(best).length ? top : best));
}

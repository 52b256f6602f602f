/** Where nodes come to rest: on a grid and in line with others that are near, or where nothing lies yet. */
import type { Box } from "./aligning";

/** Nodes rest on a grid of so many pixels, at 100 %. */
export const gridStep = 8;
/** Free space between the columns of a graph that is laid out, and between the nodes of a column. */
export const gaps = { x: 70, y: 36 };
/** So near, in pixels of the graph, an edge or a middle is drawn to another's. */
const reach = 6;

/** A line in the graph by which a dragged node is aligned. */
export interface Guide {
  axis: "x" | "y";
  at: number;
  from: number;
  to: number;
}

/** The place of a dragged node, and the guides that it is drawn to: at most one for each axis. */
export function snapped(box: Box, others: readonly Box[]): { x: number; y: number; guides: Guide[] } {
  const across = nearestLine(box, others, "x");
  const down = nearestLine(box, others, "y");
  const x = box.x + (across?.shift ?? 0);
  const y = box.y + (down?.shift ?? 0);
  const guides = [across, down].flatMap((line) => (line ? [line.guide] : []));
  return { x, y, guides };
}

function nearestLine(box: Box, others: readonly Box[], axis: "x" | "y"): { shift: number; guide: Guide } | undefined {
  let best: { shift: number; guide: Guide } | undefined;
  for (const other of others) {
    for (const [own, theirs] of pairs(box, other, axis)) {
      const shift = theirs - own;
      if (Math.abs(shift) > reach || (best && Math.abs(best.shift) <= Math.abs(shift))) continue;
      best = { shift, guide: guideThrough(box, other, axis, theirs) };
    }
  }
  return best;
}

/** Beginnings, middles and ends of two boxes. */
function pairs(box: Box, other: Box, axis: "x" | "y"): [number, number][] {
  const size = axis === "x" ? "width" : "height";
  return [
    [box[axis], other[axis]],
    [box[axis] + box[size] / 2, other[axis] + other[size] / 2],
    [box[axis] + box[size], other[axis] + other[size]],
  ];
}

function guideThrough(box: Box, other: Box, axis: "x" | "y", at: number): Guide {
  const along = axis === "x" ? "y" : "x";
  const size = axis === "x" ? "height" : "width";
  const from = Math.min(box[along], other[along]);
  const to = Math.max(box[along] + box[size], other[along] + other[size]);
  return { axis, at, from, to };
}

/** Where a box lies on none of the others: where it is, or so far down that it is free. */
export function freePlace(box: Box, others: readonly Box[], gap = 24): { x: number; y: number } {
  let { y } = box;
  const isMet = (other: Box) =>
    box.x < other.x + other.width + gap &&
    other.x < box.x + box.width + gap &&
    y < other.y + other.height + gap &&
    other.y < y + box.height + gap;
  for (let met = others.find(isMet); met; met = others.find(isMet)) y = met.y + met.height + gap;
  return { x: box.x, y };
}

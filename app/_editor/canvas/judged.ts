/**
 * How much of each node is drawn: which are so far away that they are boxes, and which lie outside of the view. Pure
 * rules; `level-of-detail.tsx` asks them while the canvas moves.
 */

/** Below this zoom the text on a node is smaller than four pixels. */
export const usualThreshold = 0.3;
/** More nodes than this in view lie over each other, or are as good as unreadable on a large screen. */
export const manyInView = 200;
/** Up to so many nodes all are drawn, wherever they lie. */
export const alwaysDrawn = 120;
/** A gesture around the threshold must not draw a thousand nodes again and again. */
const hysteresis = 1.15;
/** Nodes that were seen and lie outside of the view are kept, hidden, up to this many. */
export const keptAtMost = 150;

export interface View {
  x: number;
  y: number;
  zoom: number;
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Whether nodes are boxes, from whether they were; with a threshold of 0 they never are. */
export function isFarNow(wasFar: boolean, zoom: number, inView: number, threshold: number): boolean {
  if (threshold <= 0) return false;
  const scale = wasFar ? hysteresis : 1;
  return zoom < threshold * scale || inView > manyInView / scale;
}

/** The view as a part of the graph, with half a view more on each side. */
export function withMargin({ x, y, zoom, width, height }: View, share = 0.5): Place {
  const [across, down] = [width / zoom, height / zoom];
  return {
    x: -x / zoom - share * across,
    y: -y / zoom - share * down,
    width: across * (1 + 2 * share),
    height: down * (1 + 2 * share),
  };
}

export function isWithin(place: Place, area: Place): boolean {
  return (
    place.x + place.width >= area.x &&
    place.y + place.height >= area.y &&
    place.x <= area.x + area.width &&
    place.y <= area.y + area.height
  );
}

/** Those that are kept hidden: the ones that were shown last, without those that are shown now. */
export function keptNow(kept: ReadonlySet<string>, before: ReadonlySet<string>, now: ReadonlySet<string>): Set<string> {
  const left = [...before].filter((id) => !now.has(id));
  const all = [...kept].filter((id) => !now.has(id) && !before.has(id)).concat(left);
  return new Set(all.slice(-keptAtMost));
}

/** Nodes beside each other: aligned by an edge or their middles, or with equal gaps. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export type Boxes = Readonly<Record<string, Box>>;
type Places = Record<string, { x: number; y: number }>;

export type Alignment = "left" | "centre" | "right" | "top" | "middle" | "bottom";

/** The upper left corners of nodes that are aligned with the outermost of them, or in the middle of all. */
export function aligned(boxes: Boxes, alignment: Alignment): Places {
  const all = Object.values(boxes);
  const left = Math.min(...all.map(({ x }) => x));
  const right = Math.max(...all.map(({ x, width }) => x + width));
  const top = Math.min(...all.map(({ y }) => y));
  const bottom = Math.max(...all.map(({ y, height }) => y + height));
  const place = ({ x, y, width, height }: Box) => {
    const across = { left, centre: (left + right - width) / 2, right: right - width };
    const down = { top, middle: (top + bottom - height) / 2, bottom: bottom - height };
    if (alignment === "left" || alignment === "centre" || alignment === "right") return { x: across[alignment], y };
    return { x, y: down[alignment] };
  };
  return placesOf(boxes, place);
}

/** Nodes between the two outermost with equal gaps; they may overlap where there is too little room. */
export function distributed(boxes: Boxes, axis: "x" | "y"): Places {
  const size = axis === "x" ? "width" : "height";
  const inOrder = Object.entries(boxes).sort(([, one], [, other]) => one[axis] - other[axis]);
  const [first, last] = [inOrder[0]?.[1], inOrder.at(-1)?.[1]];
  if (!first || !last || inOrder.length < 3) return placesOf(boxes, ({ x, y }) => ({ x, y }));
  const taken = inOrder.reduce((sum, [, box]) => sum + box[size], 0);
  const gap = (last[axis] + last[size] - first[axis] - taken) / (inOrder.length - 1);
  const places: Places = {};
  let next = first[axis];
  for (const [id, box] of inOrder) {
    places[id] = { x: box.x, y: box.y, [axis]: next };
    next += box[size] + gap;
  }
  return places;
}

function placesOf(boxes: Boxes, place: (box: Box) => { x: number; y: number }): Places {
  return Object.fromEntries(Object.entries(boxes).map(([id, box]) => [id, place(box)]));
}

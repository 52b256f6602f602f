/** How a frame lies around what is in it. */
import type { Frame } from "#nodes/graph/document";
import type { Box } from "./aligning";

/** Free space in a frame around what lies in it; above there is its title. */
const padding = { side: 24, top: 52 };
/** Its text stands between title and members: pixels of a line, and about those of a letter. */
const line = { height: 18, letter: 6 };

/** Where the members of a frame begin, from its upper left corner; `width` is that of all of them. */
export function insetOf({ text = "" }: Pick<Frame, "text">, width: number): { x: number; y: number } {
  const lines = text.split("\n").map((each) => Math.ceil((each.length * line.letter) / width));
  const height = text ? lines.reduce((sum, each) => sum + Math.max(1, each), 0) * line.height : 0;
  return { x: padding.side, y: padding.top + height };
}

/** The frame that fits what lies in it. */
export function frameAround(boxes: readonly Box[], frame: Pick<Frame, "text"> = {}): Pick<Frame, "position" | "size"> {
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const right = Math.max(...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  const inset = insetOf(frame, right - left);
  return {
    position: { x: left - inset.x, y: top - inset.y },
    size: { width: right - left + 2 * inset.x, height: bottom - top + inset.y + padding.side },
  };
}

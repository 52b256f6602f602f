/** Frames and notes from afar: behind the boxes, with titles as large as those of boxes. */
import { frameItem, noteItem } from "#nodes/graph/annotations";
import type { GraphDocument } from "#nodes/graph/document";
import { hiddenIn } from "./annotation-nodes";
import { hueNames } from "./hues";

/** Colours by the names of their variables, and their pale form. */
export interface Palette {
  of(name: string): string;
  /** Mixed into the colour of surfaces; 26 % of it where nothing is said. */
  pale(name: string, percent?: number): string;
}

/** Where something is drawn, in the graph. */
export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
  isSelected: boolean;
}

export type PlaceOf = (id: string) => Placed | undefined;
export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface FarArea {
  /** The item that it is. */
  id: string;
  colour: string;
  title: string;
}

/** Of a note its first words stand for a title. */
export function areasOf(graph: Pick<GraphDocument, "nodes" | "frames" | "notes">): FarArea[] {
  const hidden = hiddenIn(graph);
  const frames = Object.entries(graph.frames ?? {}).map(
    ([id, { title, colour }]): FarArea => ({ id: frameItem(id), colour: hueNames[colour ?? "grey"], title }),
  );
  const notes = Object.entries(graph.notes ?? {}).map(
    ([id, { text, colour }]): FarArea => ({
      id: noteItem(id),
      colour: hueNames[colour ?? "yellow"],
      title: text
        .replace(/[#*_`>-]/g, "")
        .trim()
        .slice(0, 60),
    }),
  );
  return [...frames, ...notes].filter(({ id }) => !hidden.has(id));
}

export function drawAreas(
  context: CanvasRenderingContext2D,
  areas: readonly FarArea[],
  placeOf: PlaceOf,
  palette: Palette,
  view: Area,
  titleSize: number,
): void {
  context.font = `600 ${titleSize}px ui-sans-serif, system-ui, sans-serif`;
  context.textBaseline = "top";
  for (const { id, colour, title } of areas) {
    const place = placeOf(id);
    if (!place) continue;
    const { x, y, width, height } = place;
    if (x > view.right || x + width < view.left || y > view.bottom || y + height < view.top) continue;
    context.fillStyle = palette.pale(colour, 9);
    context.fillRect(x, y, width, height);
    context.strokeStyle = palette.of(place.isSelected ? "--accent" : "--line-strong");
    context.lineWidth = place.isSelected ? 6 : 2;
    context.strokeRect(x, y, width, height);
    context.fillStyle = palette.of("--ink");
    context.fillText(title, x + 12, y + 8, width - 24);
  }
}

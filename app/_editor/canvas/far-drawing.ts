/** Draws the whole graph as boxes and wires onto a canvas: one picture instead of thousands of elements. */
import type { ReactFlowState } from "@xyflow/react";
import { compositeIdOf } from "#nodes/graph/composites";
import type { Point, Wire } from "#nodes/graph/document";
import { definitionAt, runAt, wayTo } from "../context";
import { cardHeight, cardWidth, portTop } from "../node/geometry";
import { colourOf, portsOf, type Side } from "../node/ports";
import type { EditorState } from "../store";
import { hiddenIn, shutHeight } from "./annotation-nodes";
import { type Area, areasOf, drawAreas, type FarArea, type Palette, type Placed, type PlaceOf } from "./far-areas";

/** What of the graph does not change while it is only moved. */
export interface Drawn {
  areas: readonly FarArea[];
  boxes: readonly FarBox[];
  wires: readonly FarWire[];
}
interface FarBox {
  id: string;
  /** Name of a CSS variable. */
  colour: string;
  /** That of the border, where it says something. */
  border: string | undefined;
  isComposite: boolean;
  title: string;
  height: number;
}
interface FarWire {
  wire: Wire;
  colour: string;
  from: string;
  to: string;
  /** Distances of the two ports from the upper edges of their nodes. */
  fromY: number;
  toY: number;
}

export function drawnOf(state: EditorState): Drawn {
  const { nodes, wires } = state.shown;
  const hidden = hiddenIn(state.shown);
  return {
    areas: areasOf(state.shown),
    boxes: Object.keys(nodes).flatMap((id) => (hidden.has(id) ? [] : [boxOf(state, id)])),
    wires: wires.flatMap((wire) => wireFrom(state, wire, hidden)),
  };
}

/** A wire as it ends at frames that are shut; none within such a frame. */
function wireFrom(state: EditorState, wire: Wire, hidden: ReadonlyMap<string, string>): FarWire[] {
  const { from, to } = wire;
  const [source, target] = [hidden.get(from.node), hidden.get(to.node)];
  if (source !== undefined && source === target) return [];
  return [
    {
      wire,
      colour: `--port-${definitionAt(state, from.node)?.outputs[from.port]?.type ?? "file"}`,
      from: source ?? from.node,
      to: target ?? to.node,
      fromY: source === undefined ? portY(state, from.node, "out", from.port) : shutHeight / 2,
      toY: target === undefined ? portY(state, to.node, "in", to.port) : shutHeight / 2,
    },
  ];
}

const borders: Readonly<Record<string, string>> = { running: "--accent", failed: "--bad" };

function boxOf(state: EditorState, id: string): FarBox {
  const node = state.shown.nodes[id];
  const definition = definitionAt(state, id);
  const problems = state.checked.nodes.get(wayTo(state, id))?.problems ?? [];
  const isWrong = problems.some(({ severity, code }) => severity === "error" && code !== "missing-input");
  return {
    id,
    colour: colourOf(definition).slice("var(".length, -1),
    border: isWrong ? "--bad" : borders[runAt(state, id)?.status ?? ""],
    isComposite: compositeIdOf(node?.type ?? "") !== undefined,
    title: node?.title ?? definition?.title ?? node?.type ?? id,
    height: cardHeight(definition),
  };
}

function portY(state: EditorState, id: string, side: Side, port: string): number {
  const row = portsOf(definitionAt(state, id), side).findIndex(([name]) => name === port);
  return 1 + portTop(Math.max(0, row));
}

type Flow = Pick<ReactFlowState, "nodeLookup" | "transform" | "width" | "height">;
/** In pixels of the screen; what lies outside of the view is left out. */
export function drawFar(context: CanvasRenderingContext2D, drawn: Drawn, flow: Flow, palette: Palette): void {
  const [x, y, zoom] = flow.transform;
  const ratio = window.devicePixelRatio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, flow.width, flow.height);
  context.setTransform(ratio * zoom, 0, 0, ratio * zoom, ratio * x, ratio * y);
  const area = {
    left: -x / zoom,
    top: -y / zoom,
    right: (flow.width - x) / zoom,
    bottom: (flow.height - y) / zoom,
  };
  const placeOf = (id: string) => placed(flow, id);
  drawAreas(context, drawn.areas, placeOf, palette, area, titleSizeAt(zoom));
  drawWires(context, drawn.wires, placeOf, palette, area, zoom);
  drawBoxes(context, drawn.boxes, placeOf, palette, area, zoom);
}

function placed({ nodeLookup }: Flow, id: string): Placed | undefined {
  const node = nodeLookup.get(id);
  if (!node) return undefined;
  const { x, y } = node.internals.positionAbsolute;
  const { width = cardWidth, height = 0 } = node.measured;
  return { x, y, width, height, isSelected: node.selected ?? false };
}

/** All wires of a colour are one stroke. */
function drawWires(
  context: CanvasRenderingContext2D,
  wires: readonly FarWire[],
  placeOf: PlaceOf,
  palette: Palette,
  area: Area,
  zoom: number,
): void {
  const paths = new Map<string, Path2D>();
  for (const wire of wires) {
    const ends = endsOf(wire, placeOf);
    if (!ends) continue;
    const [start, end] = ends;
    const isBeside = Math.max(start.x, end.x) < area.left || Math.min(start.x, end.x) > area.right;
    if (isBeside || Math.max(start.y, end.y) < area.top || Math.min(start.y, end.y) > area.bottom) continue;
    trace(pathOf(paths, wire.colour), ends, zoom);
  }
  context.lineWidth = Math.max(2, 1 / zoom);
  for (const [colour, path] of paths) {
    context.strokeStyle = palette.of(colour);
    context.stroke(path);
  }
}

function endsOf({ from, to, fromY, toY }: FarWire, placeOf: PlaceOf): readonly [Point, Point] | undefined {
  const [source, target] = [placeOf(from), placeOf(to)];
  if (!source || !target) return undefined;
  return [
    { x: source.x + source.width, y: source.y + fromY },
    { x: target.x, y: target.y + toY },
  ];
}

function trace(path: Path2D, [start, end]: readonly [Point, Point], zoom: number): void {
  path.moveTo(start.x, start.y);
  const bend = Math.max(30, Math.abs(end.x - start.x) / 2);
  if (zoom < straightBelow) path.lineTo(end.x, end.y);
  else path.bezierCurveTo(start.x + bend, start.y, end.x - bend, end.y, end.x, end.y);
}

/** A curve of so few pixels is a line. */
const straightBelow = 0.12;

/** The wire at a place of the graph, as it is drawn from afar: the one on top where several are. */
export function wireAt(state: EditorState, flow: Flow, { x, y }: Point): Wire | undefined {
  const [, , zoom] = flow.transform;
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return undefined;
  context.lineWidth = takenAround / zoom;
  const placeOf = (id: string) => placed(flow, id);
  const found = drawnOf(state).wires.findLast((wire) => {
    const [ends, path] = [endsOf(wire, placeOf), new Path2D()];
    if (ends) trace(path, ends, zoom);
    return context.isPointInStroke(path, x, y);
  });
  return found && { from: found.wire.from, to: found.wire.to };
}

/** Pixels of the screen around a wire, both sides together, where the pointer takes it. */
const takenAround = 12;
/** Letters of so many pixels of the screen can be read. */
const legible = 8;
/** A title is at least so large, and at most so large that some letters of it have room in its box. */
const smallestTitle = 27;
const largestTitle = 60;

/** How large titles are, so that they can be read: in units of the graph. */
const titleSizeAt = (zoom: number): number => Math.max(smallestTitle, legible / zoom);

function drawBoxes(
  context: CanvasRenderingContext2D,
  boxes: readonly FarBox[],
  placeOf: PlaceOf,
  palette: Palette,
  area: Area,
  zoom: number,
): void {
  const fills = new Map<string, Path2D>();
  const strokes = new Map<string, Path2D>();
  const titled: [box: FarBox, place: Placed][] = [];
  const outlines = new Path2D();
  for (const box of boxes) {
    const place = placeOf(box.id);
    if (!place) continue;
    const height = place.height || box.height;
    const isBeside = place.x > area.right || place.x + cardWidth < area.left;
    if (isBeside || place.y > area.bottom || place.y + height < area.top) continue;
    pathOf(fills, box.colour).rect(place.x, place.y, cardWidth, height);
    const border = box.border ?? (place.isSelected ? "--accent" : undefined);
    if (border) pathOf(strokes, border).rect(place.x, place.y, cardWidth, height);
    else outlines.rect(place.x, place.y, cardWidth, height);
    if (box.isComposite) outlines.rect(place.x - 5, place.y - 5, cardWidth + 10, height + 10);
    titled.push([box, { ...place, height }]);
  }
  for (const [colour, path] of fills) {
    context.fillStyle = palette.pale(colour);
    context.fill(path);
  }
  context.lineWidth = 1 / zoom;
  context.strokeStyle = palette.of("--line-strong");
  context.stroke(outlines);
  context.lineWidth = Math.max(3, 2 / zoom);
  for (const [colour, path] of strokes) {
    context.strokeStyle = palette.of(colour);
    context.stroke(path);
  }
  const titleSize = titleSizeAt(zoom);
  if (titleSize <= largestTitle) drawTitles(context, titled, palette, titleSize);
}

function drawTitles(
  context: CanvasRenderingContext2D,
  titled: readonly [box: FarBox, place: Placed][],
  palette: Palette,
  size: number,
): void {
  const lineHeight = size * 1.1;
  const letters = Math.floor((cardWidth - 16) / (size * letterWidth));
  context.fillStyle = palette.of("--ink");
  context.font = `600 ${size}px ui-sans-serif, system-ui, sans-serif`;
  context.textBaseline = "top";
  for (const [{ title }, { x, y, height }] of titled) {
    const room = Math.max(1, Math.floor((height - 8) / lineHeight));
    const lines = linesOf(title, letters).slice(0, room);
    for (const [row, line] of lines.entries()) context.fillText(line, x + 8, y + 6 + row * lineHeight);
  }
}

/** How wide a letter is on average, of its size. */
const letterWidth = 0.58;

/** A title in lines that a box has room for. */
function linesOf(title: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of title.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word.length > letters ? `${word.slice(0, letters - 1)}…` : word);
  }
  return lines;
}

function pathOf(paths: Map<string, Path2D>, colour: string): Path2D {
  const known = paths.get(colour);
  if (known) return known;
  const path = new Path2D();
  paths.set(colour, path);
  return path;
}

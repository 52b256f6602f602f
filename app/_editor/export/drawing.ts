/**
 * A graph as a drawing (SVG): all of its nodes with their ports and set parameters, its wires, frames and notes.
 * It needs no screen, so that it shows what is out of view, too.
 */
import type { NodeDefinition } from "#nodes/core/node";
import { endpointKey, type GraphDocument, type GraphNode, type Point, type Wire } from "#nodes/graph/document";
import { plainText } from "../../_ui/plain-text";
import { pathBack, routesOf } from "../canvas/routing";
import { cardHeight, cardWidth, portTop } from "../node/geometry";
import { colourOf, portsOf } from "../node/ports";

interface DrawingOptions {
  document: GraphDocument;
  definitionOf(id: string): NodeDefinition | undefined;
  /** Values of the colours that are named: `var(--surface)`. */
  colour(name: string): string;
}

export interface Drawing {
  svg: string;
  width: number;
  height: number;
}

const margin = 32;
/** So many set parameters are written on a node. */
const mostLines = 4;
const lineHeight = 17;

interface Box {
  id: string;
  node: GraphNode;
  definition: NodeDefinition | undefined;
  lines: [string, string][];
  height: number;
}
interface Area {
  position: { x: number; y: number };
  size: { width: number; height: number };
  title?: string;
  text?: string;
}

export function drawGraph({ document, definitionOf, colour }: DrawingOptions): Drawing {
  const boxes = Object.entries(document.nodes).map(([id, node]) => boxOf(id, node, definitionOf(id)));
  const { frames, notes } = document as { frames?: Record<string, Area>; notes?: Record<string, Area> };
  const [framed, noted] = [Object.values(frames ?? {}), Object.values(notes ?? {})];
  const bounds = boundsOf(boxes, [...framed, ...noted]);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const parts = [
    `<rect x="${bounds.x}" y="${bounds.y}" width="${bounds.width}" height="${bounds.height}" fill="var(--ground)"/>`,
    ...framed.map((area) => areaOf(area, "var(--sunken)")),
    ...wirePaths(document.wires, byId),
    ...boxes.map(card),
    ...noted.map((area) => areaOf(area, "var(--warn-soft)")),
  ];
  const viewBox = `${bounds.x} ${bounds.y} ${bounds.width} ${bounds.height}`;
  const opening =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${bounds.width}" height="${bounds.height}" viewBox="${viewBox}"` +
    ' font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif">';
  const svg = `${opening}<title>${escaped(document.name)}</title>${parts.join("")}</svg>`;
  return { svg: svg.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name)), ...bounds };
}

function boxOf(id: string, node: GraphNode, definition: NodeDefinition | undefined): Box {
  const lines = Object.entries(node.params)
    .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
    .slice(0, mostLines)
    .map(([name, value]): [string, string] => [name, String(value)]);
  const height = cardHeight(definition) + (lines.length ? lines.length * lineHeight + 8 : 0);
  return { id, node, definition, lines, height };
}

function boundsOf(boxes: readonly Box[], areas: readonly Area[]) {
  const corners = [
    ...boxes.map(({ node: { position }, height }) => ({
      ...position,
      right: position.x + cardWidth,
      bottom: position.y + height,
    })),
    ...areas.map(({ position, size }) => ({
      ...position,
      right: position.x + size.width,
      bottom: position.y + size.height,
    })),
  ];
  if (!corners.length) return { x: 0, y: 0, width: 400, height: 200 };
  const x = Math.floor(Math.min(...corners.map((each) => each.x))) - margin;
  const y = Math.floor(Math.min(...corners.map((each) => each.y))) - margin;
  const right = Math.ceil(Math.max(...corners.map((each) => each.right))) + margin;
  const bottom = Math.ceil(Math.max(...corners.map((each) => each.bottom))) + margin;
  return { x, y, width: right - x, height: bottom - y };
}

function card({ id, node, definition, lines, height }: Box): string {
  const { x, y } = node.position;
  const title = cut(node.title ?? definition?.title ?? node.type, 26);
  const top = cardHeight(definition);
  const parts = [
    rectangle({ x, y, width: cardWidth, height, fill: "var(--surface)", stroke: "var(--line-strong)" }),
    element("circle", { cx: x + 16, cy: y + 16, r: 4, fill: colourOf(definition) }),
    written(title, { x: x + 28, y: y + 21, "font-size": 13, "font-weight": 600, fill: "var(--ink)" }),
    ...portRows("in", definition, x, y),
    ...portRows("out", definition, x, y),
    ...(lines.length ? [element("path", { d: `M${x},${y + top} h${cardWidth}`, stroke: "var(--line)" })] : []),
    ...lines.flatMap(([name, value], i) => {
      const line = { y: y + top + 16 + i * lineHeight, "font-size": 11 };
      const end = { ...line, x: x + cardWidth - 12, "text-anchor": "end", "font-family": "ui-monospace, monospace" };
      return [
        written(cut(name, 16), { ...line, x: x + 12, fill: "var(--ink-2)" }),
        written(cut(value, 18), { ...end, fill: "var(--ink)" }),
      ];
    }),
  ];
  return `<g data-node="${escaped(id)}">${parts.join("")}</g>`;
}

function portRows(side: "in" | "out", definition: NodeDefinition | undefined, x: number, y: number): string[] {
  const isInput = side === "in";
  return portsOf(definition, side).flatMap(([name, port], row) => {
    const middle = y + 1 + portTop(row);
    const [edge, label, anchor] = isInput ? [x, x + 12, "start"] : [x + cardWidth, x + cardWidth - 12, "end"];
    const mark = { cx: edge, cy: middle, r: 5, fill: `var(--port-${port.type})`, stroke: "var(--surface)" };
    const text = { x: label, y: middle + 4, "font-size": 12, "text-anchor": anchor, fill: "var(--ink-2)" };
    return [element("circle", mark), written(cut(name, 14), text)];
  });
}

/** All wires, led around nodes as on the canvas where they have no bends of their own. */
function wirePaths(wires: readonly Wire[], boxes: ReadonlyMap<string, Box>): string[] {
  const ends = wires.flatMap((wire) => endsOf(wire, boxes) ?? []);
  const around = ends.filter(({ wire }) => !wire.via);
  const places = [...boxes.values()].map(({ node, height }) => ({ ...node.position, width: cardWidth, height }));
  const routes = routesOf(
    around.map(({ wire, from, to }) => ({ owner: endpointKey(wire.from), from, to })),
    places,
  );
  const ways = new Map(around.map(({ wire }, i) => [wire, routes[i] ?? []]));
  return ends.map((each) => wirePath(each, ways.get(each.wire) ?? each.wire.via ?? []));
}

interface WireEnds {
  wire: Wire;
  from: Point;
  to: Point;
  type: string;
}

/** Where a wire leaves a node at its right, and reaches another at its left. */
function endsOf(wire: Wire, boxes: ReadonlyMap<string, Box>): WireEnds | undefined {
  const [source, target] = [boxes.get(wire.from.node), boxes.get(wire.to.node)];
  if (!source || !target) return undefined;
  const outputs = portsOf(source.definition, "out");
  const from = {
    x: source.node.position.x + cardWidth,
    y: source.node.position.y + 1 + topOf(outputs, wire.from.port),
  };
  const inputs = portsOf(target.definition, "in");
  const to = { x: target.node.position.x, y: target.node.position.y + 1 + topOf(inputs, wire.to.port) };
  return { wire, from, to, type: outputs.find(([name]) => name === wire.from.port)?.[1].type ?? "file" };
}

function wirePath({ from, to, type }: WireEnds, via: readonly Point[]): string {
  const points = [from, ...via, to];
  const curves = points.slice(1).map((end, i) => {
    const start = points[i] as Point;
    const bend = end.x > start.x ? (end.x - start.x) / 2 : Math.max(30, (start.x - end.x) / 2);
    return `C${start.x + bend},${start.y} ${end.x - bend},${end.y} ${end.x},${end.y}`;
  });
  const d = pathBack(from, via, to) ?? `M${from.x},${from.y} ${curves.join(" ")}`;
  const line = { d, fill: "none", stroke: `var(--port-${type})` };
  return element("path", { ...line, "stroke-width": 2 });
}

const topOf = (ports: readonly [string, unknown][], port: string): number =>
  portTop(
    Math.max(
      0,
      ports.findIndex(([name]) => name === port),
    ),
  );

function areaOf({ position, size, title, text = "" }: Area, fill: string): string {
  const { x, y } = position;
  const most = Math.max(1, Math.floor(size.height / 18));
  const lines = title === undefined ? text.split("\n").map(plainText).slice(0, most) : [title];
  const parts = lines.map((line, i) => {
    const place = { x: x + 12, y: y + 22 + i * lineHeight };
    return written(cut(line, Math.floor(size.width / 7)), { ...place, "font-size": 12, fill: "var(--ink-2)" });
  });
  return rectangle({ x, y, ...size, fill, stroke: "var(--line)" }) + parts.join("");
}

type Attributes = Readonly<Record<string, string | number>>;

function element(name: string, attributes: Attributes, inside = ""): string {
  const texts = Object.entries(attributes).map(([key, value]) => `${key}="${value}"`);
  return `<${name} ${texts.join(" ")}${inside ? `>${inside}</${name}>` : "/>"}`;
}

const rectangle = (attributes: Attributes): string => element("rect", { rx: 12, ...attributes });
const written = (text: string, attributes: Attributes): string => element("text", attributes, escaped(text) || " ");

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

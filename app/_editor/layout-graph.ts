/**
 * The layout of a graph, or of a part of it: from left to right, and nothing on anything else. What lies in a frame is
 * laid out by itself, and the frame that fits it lies among the rest as if it were one node.
 */
import dagre from "@dagrejs/dagre";
import {
  added,
  changeFrame,
  frameIdOf,
  frameItem,
  frameOf,
  hasItem,
  isHeld,
  itemsOf,
  membersOf,
  noteIdOf,
  outermost,
  putInto,
  withMembers,
} from "#nodes/graph/annotations";
import type { GraphDocument, Point, Size } from "#nodes/graph/document";
import { moveNodes, placeItems } from "#nodes/graph/edits";
import type { Box } from "./aligning";
import { shutHeight } from "./canvas/annotation-nodes";
import { frameAround, insetOf } from "./framing";
import { inLayers, type Level, type SizeOf } from "./layers";
import { freePlace, gaps } from "./snapping";

/** dagre's time grows with the square of the nodes, and a chain of some thousand overflows its stack. */
const mostForDagre = 300;

/** Items that were laid out: where each lies from the corner of all, those in frames too; how large frames are. */
interface Block {
  places: Record<string, Point>;
  frames: Record<string, Size>;
  size: Size;
}

/**
 * Lays out items with all that lies in them; those of one frame together, beginning where they did. The frames around
 * fit what lies in them afterwards. What is locked, or holds something that is, stays as it is, and the others lie
 * beside it. `sizeOf` says how large a node is on the screen.
 */
export function tidy(document: GraphDocument, items: readonly string[], sizeOf: SizeOf): GraphDocument {
  const groups = Object.values(outermostByFrame(document, items));
  const arranged = groups.reduce((now, group) => {
    const [fixed, free] = partition(group, (item) => isFixed(document, item));
    if (!free.length) return now;
    const { places, frames, size } = blockOf(document, free, sizeOf);
    const corner = cornerOf(free.map((item) => boxOf(document, item, sizeOf)));
    const staying = fixed.map((item) => boxOf(document, item, sizeOf));
    const place = freePlace({ ...corner, ...size }, staying, gaps.y);
    return withSizes(moveNodes(now, moved(places, place)), frames);
  }, document);
  return groups.reduce((now, [item]) => fitted(now, frameOf(now, item as string), sizeOf), arranged);
}

/** What cannot be laid out: it is locked, or something in it is. */
const isFixed = (document: GraphDocument, item: string): boolean =>
  withMembers(document, [item]).some((each) => isHeld(document, each));

function partition<T>(list: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [list.filter(isFirst), list.filter((item) => !isFirst(item))];
}

/**
 * Lets items lie in a frame, or in none, where there is room beside what lies there. The frames around fit what lies in
 * them afterwards.
 */
export function putIntoFrame(
  document: GraphDocument,
  items: readonly string[],
  id: string | undefined,
  sizeOf: SizeOf,
): GraphDocument {
  const moving = outermost(document, items).filter((item) => frameOf(document, item) !== id && !isHeld(document, item));
  if (!moving.length) return document;
  const boxes = moving.map((item) => boxOf(document, item, sizeOf));
  const corner = cornerOf(boxes);
  const others = membersIn(document, id).filter((item) => !moving.includes(item));
  const there = others.map((item) => boxOf(document, item, sizeOf));
  const frame = document.frames?.[id ?? ""];
  const begin = frame && !there.length ? added(frame.position, insetOf(frame, frame.size.width)) : cornerOf(there);
  const place = freePlace({ ...begin, ...extentOf(boxes) }, there, gaps.y);
  const by = { x: place.x - corner.x, y: place.y - corner.y };
  const places = moving.map((item, i) => [item, added(boxes[i] as Point, by)] as const);
  const put = putInto(placeItems(document, Object.fromEntries(places)), moving, id);
  return fitted(put, id, sizeOf);
}

/** What lies in a frame, or in none, without what lies in frames there. */
const membersIn = (document: GraphDocument, id: string | undefined): string[] =>
  itemsOf(document).filter((item) => frameOf(document, item) === id);

/** Items that lie in none of the others, by the frame that they lie in. */
function outermostByFrame(document: GraphDocument, items: readonly string[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const item of outermost(document, items)) {
    const frame = frameOf(document, item) ?? "";
    const known = hasItem(document, frameItem(frame)) ? frame : "";
    groups[known] ??= [];
    groups[known].push(item);
  }
  return groups;
}

/** Lays out items that lie beside each other. */
function blockOf(document: GraphDocument, items: readonly string[], sizeOf: SizeOf): Block {
  const blocks: Record<string, Block> = Object.fromEntries(items.map((item) => [item, itemOf(document, item, sizeOf)]));
  const sizeOfBlock = (item: string) => (blocks[item] as Block).size;
  const level = levelOf(document, items);
  const corners = items.length > mostForDagre ? inLayers(level, sizeOfBlock) : byDagre(level, sizeOfBlock);
  const boxes = items.map((item) => ({ ...(corners[item] as Point), ...sizeOfBlock(item) }));
  const corner = cornerOf(boxes);
  const whole: Block = { places: {}, frames: {}, size: extentOf(boxes) };
  for (const [item, block] of Object.entries(blocks)) {
    const place = added(corners[item] as Point, { x: -corner.x, y: -corner.y });
    Object.assign(whole.places, { [item]: place }, moved(block.places, place));
    Object.assign(whole.frames, block.frames);
  }
  return whole;
}

/** One item as it lies among others. A frame that is shut stays as it is inside. */
function itemOf(document: GraphDocument, item: string, sizeOf: SizeOf): Block {
  const id = frameIdOf(item);
  const frame = id === undefined ? undefined : document.frames?.[id];
  const { width, height } = boxOf(document, item, sizeOf);
  const alone = { places: {}, frames: {}, size: { width, height } };
  if (id === undefined || !frame) return alone;
  if (frame.shut) {
    const { x, y } = frame.position;
    const inside = membersOf(document, id).map((each) => [each, boxOf(document, each, sizeOf)] as const);
    return { ...alone, places: moved(Object.fromEntries(inside), { x: -x, y: -y }) };
  }
  const members = membersIn(document, id);
  if (!members.length) return alone;
  const { places, frames, size } = blockOf(document, members, sizeOf);
  const around = frameAround([{ x: 0, y: 0, ...size }], frame);
  const inset = { x: -around.position.x, y: -around.position.y };
  return { places: moved(places, inset), frames: { ...frames, [id]: around.size }, size: around.size };
}

/** Items beside each other, and the wires between them: those of a frame are the ones of all that lies in it. */
function levelOf(document: GraphDocument, items: readonly string[]): Level {
  const holders = new Map(
    items.flatMap((item) => withMembers(document, [item]).map((each): [string, string] => [each, item])),
  );
  const wires = document.wires.flatMap(({ from, to }) => {
    const [source, target] = [holders.get(from.node), holders.get(to.node)];
    return source === undefined || target === undefined || source === target ? [] : [{ from: source, to: target }];
  });
  return { items, wires };
}

function byDagre({ items, wires }: Level, sizeOf: SizeOf): Record<string, Point> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: gaps.y, ranksep: gaps.x });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const item of items) graph.setNode(item, { ...sizeOf(item) });
  for (const { from, to } of wires) graph.setEdge(from, to);
  dagre.layout(graph);
  // dagre places the middle of a node, and a document its corner.
  const corners = items.map((item): [string, Point] => {
    const { x, y } = graph.node(item);
    const { width, height } = sizeOf(item);
    return [item, { x: x - width / 2, y: y - height / 2 }];
  });
  return Object.fromEntries(corners);
}

/** Lets a frame, and those around it, fit what lies in them. */
function fitted(document: GraphDocument, id: string | undefined, sizeOf: SizeOf): GraphDocument {
  const frame = document.frames?.[id ?? ""];
  if (id === undefined || !frame) return document;
  const boxes = membersIn(document, id).map((each) => boxOf(document, each, sizeOf));
  const fitting = changeFrame(document, id, frameAround(boxes, frame));
  const before = boxOf(document, frameItem(id), sizeOf);
  return fitted(withRoom(fitting, id, before, sizeOf), frame.frame, sizeOf);
}

/** Moves what a frame that became larger came to lie on down to where there is room. */
function withRoom(document: GraphDocument, id: string, before: Box, sizeOf: SizeOf): GraphDocument {
  const beside = membersIn(document, document.frames?.[id]?.frame);
  const now = boxOf(document, frameItem(id), sizeOf);
  return beside.reduce((level, item) => {
    const box = boxOf(level, item, sizeOf);
    if (item === frameItem(id) || meet(box, before) || !meet(box, now)) return level;
    const others = beside.filter((each) => each !== item).map((each) => boxOf(level, each, sizeOf));
    return placeItems(level, { [item]: freePlace(box, others, gaps.y) });
  }, document);
}

const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Where an item lies, and how large it is drawn. */
function boxOf({ nodes, frames, notes }: GraphDocument, item: string, sizeOf: SizeOf): Box {
  const area = frames?.[frameIdOf(item) ?? ""] ?? notes?.[noteIdOf(item) ?? ""];
  if (!area) return { ...(nodes[item]?.position ?? { x: 0, y: 0 }), ...sizeOf(item) };
  const isShut = "shut" in area && area.shut === true;
  return { ...area.position, ...area.size, ...(isShut ? { height: shutHeight } : {}) };
}

function withSizes(document: GraphDocument, sizes: Readonly<Record<string, Size>>): GraphDocument {
  return Object.entries(sizes).reduce((now, [id, size]) => changeFrame(now, id, { size }), document);
}

function moved(places: Readonly<Record<string, Point>>, by: Point): Record<string, Point> {
  return Object.fromEntries(Object.entries(places).map(([item, place]) => [item, added(place, by)]));
}

function cornerOf(boxes: readonly Box[]): Point {
  return { x: Math.min(...boxes.map(({ x }) => x)), y: Math.min(...boxes.map(({ y }) => y)) };
}

function extentOf(boxes: readonly Box[]): Size {
  const { x, y } = cornerOf(boxes);
  return {
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}

/**
 * What is drawn beside the nodes of a graph, and means nothing to what is computed: frames, notes and the bends of
 * wires. In a selection a frame is "frame:ID" and a note "note:ID", so that they are chosen, moved, copied and deleted
 * with nodes.
 */
import { cleanText } from "#models/files/text";
import type { Frame, GraphDocument, Note, Point, Wire } from "./document";
import { endpointKey } from "./document";

type Level = Pick<GraphDocument, "nodes" | "frames" | "notes">;

const framePrefix = "frame:";
const notePrefix = "note:";
export const frameItem = (id: string): string => `${framePrefix}${id}`;
export const noteItem = (id: string): string => `${notePrefix}${id}`;
/** The frame, or note, that an item of a selection is, by its id; nothing for every other item. */
export const frameIdOf = (item: string): string | undefined =>
  item.startsWith(framePrefix) ? item.slice(framePrefix.length) : undefined;
export const noteIdOf = (item: string): string | undefined =>
  item.startsWith(notePrefix) ? item.slice(notePrefix.length) : undefined;

/** Whether a graph has an item of that name: a node, a frame or a note. */
export function hasItem({ nodes, frames = {}, notes = {} }: Level, item: string): boolean {
  const [frame, note] = [frameIdOf(item), noteIdOf(item)];
  if (frame !== undefined) return Object.hasOwn(frames, frame);
  return note === undefined ? Object.hasOwn(nodes, item) : Object.hasOwn(notes, note);
}

/** All items of a graph. */
export const itemsOf = ({ nodes, frames = {}, notes = {} }: Level): string[] => [
  ...Object.keys(nodes),
  ...Object.keys(frames).map(frameItem),
  ...Object.keys(notes).map(noteItem),
];

/** What lies in a frame, and in the frames in it, as items. */
export function membersOf({ nodes, frames = {}, notes = {} }: Level, frame: string): string[] {
  const found = new Set([frame]);
  // A set that grows while it is walked: frames in frames are walked, too.
  for (const outer of found) {
    for (const [id, inner] of Object.entries(frames)) if (inner.frame === outer) found.add(id);
  }
  const isIn = ({ frame: outer }: { frame?: string }) => outer !== undefined && found.has(outer);
  const inside = <T extends { frame?: string }>(table: Record<string, T>): string[] =>
    Object.keys(table).filter((id) => isIn(table[id] as T));
  const others = [...found].filter((id) => id !== frame);
  return [...inside(nodes), ...others.map(frameItem), ...inside(notes).map(noteItem)];
}

/** A selection with all that lies in its frames. */
export function withMembers(level: Level, items: readonly string[]): string[] {
  const inside = items.flatMap((item) => {
    const frame = frameIdOf(item);
    return frame === undefined ? [] : membersOf(level, frame);
  });
  return [...new Set([...items, ...inside])];
}

/** Those of some items that lie in no frame among them. */
export function outermost(level: Level, items: readonly string[]): string[] {
  const inner = new Set(
    items.flatMap((item) => (frameIdOf(item) === undefined ? [] : withMembers(level, [item]).slice(1))),
  );
  return items.filter((item) => !inner.has(item) && hasItem(level, item));
}

/** The document with these tables of frames and notes; an empty one is none. */
export function withAnnotations<T extends Pick<GraphDocument, "frames" | "notes">>(
  level: T,
  { frames, notes }: Pick<GraphDocument, "frames" | "notes">,
): T {
  const { frames: _, notes: __, ...rest } = level;
  return {
    ...rest,
    ...(frames && Object.keys(frames).length ? { frames } : {}),
    ...(notes && Object.keys(notes).length ? { notes } : {}),
  } as T;
}

/** Whether an item stays where it is: it is locked itself, or lies in a frame that is. */
export function isHeld(level: Level, item: string): boolean {
  const around = new Set<string>();
  let now = itemNamed(level, item);
  while (now && !now.locked) {
    const frame: string | undefined = now.frame;
    if (frame === undefined || around.has(frame)) return false;
    around.add(frame);
    now = level.frames?.[frame];
  }
  return now !== undefined;
}

/** Lets items stay where they are; lets them go where all of them are locked already. */
export function toggleLocked(document: GraphDocument, items: readonly string[]): GraphDocument {
  const areLocked = items.every((item) => itemNamed(document, item)?.locked);
  return changeItems(document, items, (_, now) => {
    const { locked: _before, ...rest } = now;
    return (areLocked ? rest : { ...rest, locked: true }) as typeof now;
  });
}

type FrameText = Partial<Pick<Frame, "title" | "colour" | "text">>;
type Area = Pick<Frame, "position" | "size">;

/**
 * Draws a frame around items, which are those of their frames that lie in no chosen one. Its parent is the frame that
 * they all lay in before.
 */
export function addFrame(
  document: GraphDocument,
  items: readonly string[],
  { title = "", position, size, ...text }: FrameText & Area,
): { document: GraphDocument; id: string } {
  const id = freeName(document.frames, "frame");
  const framed = outermost(document, items);
  const parents = new Set(framed.map((item) => frameOf(document, item)));
  const [parent] = parents.size === 1 ? parents : [];
  const frame: Frame = { title: cleanText(title), ...text, position: rounded(position), size: roundedSize(size) };
  if (parent !== undefined) frame.frame = parent;
  const drawn = { ...document, frames: { ...document.frames, [id]: frame } };
  return { document: putInto(drawn, framed, id), id };
}

/** The frame that an item lies in. */
export const frameOf = (level: Level, item: string): string | undefined => itemNamed(level, item)?.frame;

/** The node, frame or note that an item is. */
export function itemNamed({ nodes, frames = {}, notes = {} }: Level, item: string): Item | undefined {
  const [frame, note] = [frameIdOf(item), noteIdOf(item)];
  if (frame !== undefined) return frames[frame];
  return note === undefined ? nodes[item] : notes[note];
}

/** Lets items lie in a frame, or in none. A frame that the other one lies in itself stays where it is. */
export function putInto(document: GraphDocument, items: readonly string[], frame: string | undefined): GraphDocument {
  const around = new Set<string>();
  for (let each = frame; each !== undefined && !around.has(each); each = document.frames?.[each]?.frame)
    around.add(each);
  return changeItems(document, items, (item, now) => {
    const isAround = around.has(frameIdOf(item) ?? "");
    if (now.frame === frame || isAround) return now;
    const { frame: _, ...rest } = now;
    return (frame === undefined ? rest : { ...rest, frame }) as typeof now;
  });
}

/** Another title, colour, text, place or size. Its members stay where they are. */
export function changeFrame(document: GraphDocument, id: string, changes: FrameText & Partial<Area>): GraphDocument {
  const { title, text } = changes;
  return changeFrames(document, [id], (now) => ({
    ...now,
    ...areaIn(changes),
    ...(title === undefined ? {} : { title: cleanText(title).slice(0, 100) }),
    ...("text" in changes ? { text: cleanText(text ?? "").slice(0, 5000) || undefined } : {}),
    ...("colour" in changes ? { colour: changes.colour } : {}),
  }));
}

/** Shuts frames or opens them: what lies in a frame that is shut is not drawn. */
export function setShut(document: GraphDocument, ids: readonly string[], isShut: boolean): GraphDocument {
  return changeFrames(document, ids, (now) => ({ ...now, shut: isShut || undefined }));
}

function areaIn({ position, size }: Partial<Area>): Partial<Area> {
  return { ...(position ? { position: rounded(position) } : {}), ...(size ? { size: roundedSize(size) } : {}) };
}

/** Changes frames; what is said to be undefined is taken away. The same document where none changes. */
function changeFrames(
  document: GraphDocument,
  ids: readonly string[],
  change: (now: Frame) => Partial<Frame>,
): GraphDocument {
  const changed = ids.flatMap((id) => {
    const now = Object.hasOwn(document.frames ?? {}, id) ? document.frames?.[id] : undefined;
    const next = now && withoutAbsent(change(now));
    return !next || JSON.stringify(next) === JSON.stringify(now) ? [] : [[id, next as Frame] as const];
  });
  return changed.length ? { ...document, frames: { ...document.frames, ...Object.fromEntries(changed) } } : document;
}

const withoutAbsent = (table: object): object =>
  Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));

/** Takes frames away; what lay in one lies in the frame around that, if any. */
export function unframe(document: GraphDocument, ids: readonly string[]): GraphDocument {
  return ids.reduce((now, id) => {
    if (!Object.hasOwn(now.frames ?? {}, id)) return now;
    const { [id]: gone, ...frames } = now.frames ?? {};
    const direct = itemsOf(now).filter((item) => frameOf(now, item) === id);
    const freed = putInto(now, direct, gone?.frame === id ? undefined : gone?.frame);
    const left = Object.fromEntries(Object.keys(frames).map((each) => [each, freed.frames?.[each] as Frame]));
    return withAnnotations(freed, { frames: left, notes: freed.notes });
  }, document);
}

export function addNote(
  document: GraphDocument,
  { text = "", colour, position, size }: { text?: string; colour?: Note["colour"] } & Area,
): { document: GraphDocument; id: string } {
  const id = freeName(document.notes, "note");
  const note: Note = { text: cleanText(text), position: rounded(position), size: roundedSize(size) };
  if (colour) note.colour = colour;
  return { id, document: { ...document, notes: { ...document.notes, [id]: note } } };
}

export function changeNote(
  document: GraphDocument,
  id: string,
  changes: Partial<Pick<Note, "text" | "colour"> & Area>,
): GraphDocument {
  const now = Object.hasOwn(document.notes ?? {}, id) ? document.notes?.[id] : undefined;
  if (!now) return document;
  const { text } = changes;
  const next = withoutAbsent({
    ...now,
    ...areaIn(changes),
    ...(text === undefined ? {} : { text: cleanText(text).slice(0, 10_000) }),
    ...("colour" in changes ? { colour: changes.colour } : {}),
  }) as Note;
  return JSON.stringify(next) === JSON.stringify(now)
    ? document
    : { ...document, notes: { ...document.notes, [id]: next } };
}

/** Bends a wire at these points, from where it begins; straight again without any. */
export function bend(document: GraphDocument, wire: Wire, points: readonly Point[]): GraphDocument {
  const name = wireKey(wire);
  const index = document.wires.findIndex((each) => wireKey(each) === name);
  const now = document.wires[index];
  if (!now) return document;
  const { via: _, ...plain } = now;
  const bent = points.length ? { ...plain, via: points.slice(0, 32).map(rounded) } : plain;
  if (JSON.stringify(bent) === JSON.stringify(now)) return document;
  return { ...document, wires: document.wires.with(index, bent) };
}

const wireKey = ({ from, to }: Wire): string => `${endpointKey(from)} ${endpointKey(to)}`;

/**
 * Moves frames with all that lies in them, and other items, each by the same way; what is locked stays. Bends go along
 * with both ends.
 */
export function moveItems(document: GraphDocument, items: readonly string[], by: Point): GraphDocument {
  if (!by.x && !by.y) return document;
  const moving = withMembers(document, items).filter((item) => !isHeld(document, item));
  const chosen = new Set(moving);
  const moved = changeItems(document, moving, (_, now) => ({ ...now, position: rounded(added(now.position, by)) }));
  if (moved === document) return document;
  return { ...moved, wires: carriedBends(document.wires, chosen, by) };
}

/** Wires of which both ends are among the chosen nodes, with their bends moved. */
export function carriedBends<W extends Pick<Wire, "via" | "from" | "to">>(
  wires: readonly W[],
  chosen: ReadonlySet<string>,
  by: Point,
): W[] {
  return wires.map((wire) =>
    wire.via && chosen.has(wire.from.node) && chosen.has(wire.to.node) ? withBendsMoved(wire, by) : wire,
  );
}

export const withBendsMoved = <W extends Pick<Wire, "via">>(wire: W, by: Point): W =>
  wire.via ? { ...wire, via: wire.via.map((point) => rounded(added(point, by))) } : wire;

export const added = (point: Point, by: Point): Point => ({ x: point.x + by.x, y: point.y + by.y });
export const rounded = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) });
const roundedSize = ({ width, height }: Frame["size"]): Frame["size"] => ({
  width: Math.min(20_000, Math.max(40, Math.round(width))),
  height: Math.min(20_000, Math.max(40, Math.round(height))),
});

function freeName(table: object | undefined, stem: string): string {
  for (let n = 1; ; n++) {
    const id = n === 1 ? stem : `${stem}_${n}`;
    if (!Object.hasOwn(table ?? {}, id)) return id;
  }
}

type Item = { position: Point; frame?: string; locked?: true };

/** Changes nodes, frames and notes; the same document where none of them changes. */
export function changeItems(
  document: GraphDocument,
  items: readonly string[],
  change: <T extends Item>(item: string, now: T) => T,
): GraphDocument {
  const chosen = new Set(items);
  function changed<T extends Item>(table: Record<string, T> | undefined, itemOf: (id: string) => string) {
    const fresh = Object.entries(table ?? {}).flatMap(([id, now]) => {
      const next = chosen.has(itemOf(id)) ? change(itemOf(id), now) : now;
      return next === now ? [] : [[id, next] as const];
    });
    return fresh.length ? { ...table, ...Object.fromEntries(fresh) } : table;
  }
  const nodes = changed(document.nodes, (id) => id) as GraphDocument["nodes"];
  const frames = changed(document.frames, frameItem);
  const notes = changed(document.notes, noteItem);
  if (nodes === document.nodes && frames === document.frames && notes === document.notes) return document;
  return withAnnotations({ ...document, nodes }, { frames, notes });
}

/** Frames and notes as React Flow wants them, and what of the graph lies hidden in frames that are shut. */
import type { Node, NodeChange, ReactFlowState } from "@xyflow/react";
import { frameIdOf, frameItem, isHeld, membersOf, noteItem, putInto } from "#nodes/graph/annotations";
import type { Frame, GraphDocument, Point } from "#nodes/graph/document";

/** How high a frame is while it is shut. */
export const shutHeight = 40;
const noData = {};
type Drawn = Pick<GraphDocument, "nodes" | "frames" | "notes">;

/** Frames first: they lie behind all else, and an inner one before the one around it. */
export function annotationNodes(graph: Drawn, selection: ReadonlySet<string>): Node[] {
  const { frames = {}, notes = {} } = graph;
  const shutIn = hiddenIn(graph);
  const drawn = Object.entries(frames).map(([id, frame]): Node => {
    const { width } = frame.size;
    const height = frame.shut ? shutHeight : frame.size.height;
    const item = frameItem(id);
    const zIndex = frame.shut ? 0 : -100 + depthOf(frames, id);
    const drawnAs = sized(item, "frame", frame.position, width, height, selection);
    return { ...drawnAs, zIndex, hidden: shutIn.has(item), draggable: draggableOf(graph, item) };
  });
  const lying = Object.entries(notes).map(([id, { position, size }]): Node => {
    const item = noteItem(id);
    const drawnAs = sized(item, "note", position, size.width, size.height, selection);
    return { ...drawnAs, hidden: shutIn.has(item), draggable: draggableOf(graph, item) };
  });
  return [...drawn, ...lying];
}

/** What is locked cannot be dragged; anything else as the canvas says. */
export const draggableOf = (graph: Drawn, item: string): false | undefined => (isHeld(graph, item) ? false : undefined);

function sized(
  id: string,
  type: "frame" | "note",
  position: Point,
  width: number,
  height: number,
  selection: ReadonlySet<string>,
): Node {
  return { id, type, data: noData, position, width, height, measured: { width, height }, selected: selection.has(id) };
}

function depthOf(frames: Record<string, Frame>, id: string): number {
  let depth = 0;
  for (let around = frames[id]?.frame; around !== undefined && depth < 50; around = frames[around]?.frame) depth++;
  return depth;
}

/** What lies in frames that are shut, and the outermost such frame, as items. */
export function hiddenIn(graph: Drawn): Map<string, string> {
  const hidden = new Map<string, string>();
  const { frames = {} } = graph;
  const shut = Object.keys(frames).filter((id) => frames[id]?.shut);
  for (const id of shut.sort((a, b) => depthOf(frames, a) - depthOf(frames, b))) {
    for (const member of membersOf(graph, id)) {
      if (!hidden.has(member)) hidden.set(member, hidden.get(frameItem(id)) ?? frameItem(id));
    }
  }
  return hidden;
}

/** Changes of places with those of what lies in the frames that move. */
export function carried(
  changes: readonly NodeChange<Node>[],
  graph: Drawn,
  lookup: ReactFlowState["nodeLookup"],
): NodeChange<Node>[] {
  const told = new Set(changes.flatMap((change) => ("id" in change ? [change.id] : [])));
  const more = changes.flatMap((change) => {
    const frame = change.type === "position" && change.position ? frameIdOf(change.id) : undefined;
    if (change.type !== "position" || !change.position || frame === undefined) return [];
    const before = lookup.get(change.id)?.position ?? change.position;
    const by = { x: change.position.x - before.x, y: change.position.y - before.y };
    return membersOf(graph, frame).flatMap((id): NodeChange<Node>[] => {
      const now = lookup.get(id)?.position;
      if (!now || told.has(id) || isHeld(graph, id)) return [];
      told.add(id);
      const position = { x: now.x + by.x, y: now.y + by.y };
      return [{ id, type: "position", position, dragging: change.dragging }];
    });
  });
  return more.length ? [...changes, ...more] : [...changes];
}

/** Lets dragged items lie in the frame that their middles are in now; what a dragged frame carries stays in it. */
export function framedByPlace(document: GraphDocument, dragged: readonly Node[]): GraphDocument {
  const { frames } = document;
  if (!frames) return document;
  const carriedAlong = new Set(dragged.flatMap(({ id }) => membersOf(document, frameIdOf(id) ?? "")));
  return dragged.reduce((now, { id, position, measured }) => {
    if (carriedAlong.has(id)) return now;
    const middle = { x: position.x + (measured?.width ?? 0) / 2, y: position.y + (measured?.height ?? 0) / 2 };
    const around = Object.entries(frames)
      .filter(([frame, each]) => frameItem(frame) !== id && !each.shut && contains(each, middle))
      .sort(([, a], [, b]) => a.size.width * a.size.height - b.size.width * b.size.height);
    return putInto(now, [id], around[0]?.[0]);
  }, document);
}

const contains = ({ position, size }: Frame, { x, y }: Point): boolean =>
  x >= position.x && y >= position.y && x <= position.x + size.width && y <= position.y + size.height;

import {
  applyNodeChanges,
  type Node,
  type NodeChange,
  type NodePositionChange,
  type ReactFlowInstance,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { compositeOf, isBoundary } from "#nodes/graph/composites";
import { boundary, type GraphDocument } from "#nodes/graph/document";
import { removeNodes } from "#nodes/graph/edits";
import { annotationNodes, carried, draggableOf, hiddenIn } from "./annotation-nodes";
import { definitionAt, definitionOf, useEditor, useEditorStore, useViewStore } from "../context";
import { boundaryWidth, cardHandles, cardHeight, cardWidth } from "../node/geometry";
import type { Box } from "../aligning";
import { snapped } from "../snapping";
import type { EditorState, EditorStore } from "../store";
import type { ViewStore } from "../view";

const noData = {};

/**
 * The document's nodes as React Flow wants them. React Flow keeps sizes and drags; the document says which nodes there
 * are and where they rest.
 */
export function useFlowNodes(): { nodes: Node[]; changeNodes(changes: NodeChange<Node>[]): void } {
  const store = useEditorStore();
  const view = useViewStore();
  const flow = useReactFlow();
  const flowStore = useStoreApi();
  const documentNodes = useEditor((state) => state.shown.nodes);
  const frames = useEditor((state) => state.shown.frames);
  const notes = useEditor((state) => state.shown.notes);
  const selection = useEditor((state) => state.selection);
  const sides = useBoundaryNodes();
  const [nodes, setNodes] = useState<Node[]>([]);

  useEffect(
    () => setNodes((now) => flowNodes(now, { nodes: documentNodes, frames, notes }, selection, store.getState())),
    [documentNodes, frames, notes, selection, store],
  );

  const changeNodes = useCallback(
    (told: NodeChange<Node>[]) => {
      const changes = carried(told, store.getState().shown, flowStore.getState().nodeLookup);
      const own = changes.filter((change) => change.type !== "remove" && !isBoundaryChange(change));
      const kept = own.map((change) => (change.type === "position" ? drawnToOthers(change, own, flow, view) : change));
      setNodes((now) => applyNodeChanges(kept, now).map((node, i) => (node === now[i] ? node : measuredNode(node))));
      select(store, changes);
      remove(store, changes);
    },
    [store, flowStore, flow, view],
  );
  const all = useMemo(() => (sides.length ? [...nodes, ...sides] : nodes), [nodes, sides]);
  return { nodes: all, changeNodes };
}

/** How far a side of the boundary is from what lies inside. */
const boundaryGap = 90;

/**
 * Inside of a composite its inputs stand left of all nodes, and its outputs right of them. They belong to no graph:
 * they cannot be chosen, moved or deleted.
 */
function useBoundaryNodes(): Node[] {
  const store = useEditorStore();
  const shown = useEditor((state) => state.shown);
  const isInside = useEditor((state) => state.composite !== undefined);
  return useMemo(() => {
    if (!isInside) return [];
    const all = Object.entries(shown.nodes).map(([id, { position }]) => ({
      ...position,
      bottom: position.y + cardHeight(definitionAt(store.getState(), id)),
    }));
    const left = Math.min(...all.map(({ x }) => x), all.length ? Number.POSITIVE_INFINITY : 0);
    const right = Math.max(...all.map(({ x }) => x), all.length ? Number.NEGATIVE_INFINITY : 0);
    const top = all.length ? Math.min(...all.map(({ y }) => y)) : 0;
    const bottom = all.length ? Math.max(...all.map((each) => each.bottom)) : 0;
    const y = Math.round((top + bottom) / 2 - 50);
    const fixed = { type: "boundary", data: noData, draggable: false, selectable: false, deletable: false } as const;
    return [
      { ...fixed, id: boundary.inputs, position: { x: left - boundaryWidth - boundaryGap, y } },
      { ...fixed, id: boundary.outputs, position: { x: right + cardWidth + boundaryGap, y } },
    ];
  }, [store, shown, isInside]);
}

/** A node that is as it was stays the same object, and so does the list. */
function flowNodes(
  now: Node[],
  graph: Pick<GraphDocument, "nodes" | "frames" | "notes">,
  selection: readonly string[],
  state: EditorState,
): Node[] {
  const known = new Map(now.map((node) => [node.id, node]));
  const chosen = new Set(selection);
  const hiddenItems = hiddenIn(graph);
  const drawn = annotationNodes(graph, chosen).map((node) => keptAnnotation(known.get(node.id), node));
  const cards = Object.entries(graph.nodes).map(([id, { position, title, type }]): Node => {
    const ariaLabel = title ?? compositeOf(state.shown, { type })?.title ?? definitionOf(type)?.title ?? type;
    const before = known.get(id);
    const selected = chosen.has(id);
    const hidden = hiddenItems.has(id);
    const draggable = draggableOf(graph, id);
    const isSame =
      before?.selected === selected &&
      before.ariaLabel === ariaLabel &&
      before.position.x === position.x &&
      before.position.y === position.y &&
      before.draggable === draggable &&
      (before.hidden ?? false) === hidden;
    if (before && (before.dragging || isSame)) return before;
    if (before) return { ...measuredNode(before), position, selected, hidden, draggable, ariaLabel };
    return { ...expectedNode(id, state), position, selected, hidden, draggable, ariaLabel };
  });
  const next = [...drawn, ...cards];
  return next.length === now.length && next.every((node, i) => node === now[i]) ? now : next;
}

/** A frame or a note, the same object while nothing of it changed; while it is dragged it stays where it is. */
function keptAnnotation(before: Node | undefined, now: Node): Node {
  if (!before || before.dragging) return before ?? now;
  const isSame =
    before.selected === now.selected &&
    before.hidden === now.hidden &&
    before.draggable === now.draggable &&
    before.zIndex === now.zIndex &&
    before.width === now.width &&
    before.height === now.height &&
    before.position.x === now.position.x &&
    before.position.y === now.position.y;
  return isSame ? before : { ...before, ...now };
}

/**
 * A node that was not drawn yet, with the size and the handles that it will have: it need not be measured to be seen.
 */
function expectedNode(id: string, state: EditorState): Omit<Node, "position"> {
  const definition = definitionAt(state, id);
  const measured = { width: cardWidth, height: cardHeight(definition) };
  return { id, type: "node", data: noData, measured, handles: cardHandles(definition) };
}

/** React Flow takes handles that it is told for truer than those that it measured. */
function measuredNode(node: Node): Node {
  return node.handles ? { ...node, handles: undefined } : node;
}

const isBoundaryChange = (change: NodeChange<Node>): boolean => "id" in change && isBoundary({ node: change.id });

function select(store: EditorStore, changes: readonly NodeChange<Node>[]): void {
  const picks = changes.filter((change) => change.type === "select");
  if (!picks.length) return;
  const chosen = new Set(store.getState().selection);
  for (const { id, selected } of picks) {
    if (selected) chosen.add(id);
    else chosen.delete(id);
  }
  store.getState().select([...chosen]);
}

function remove(store: EditorStore, changes: readonly NodeChange<Node>[]): void {
  const gone = changes.flatMap((change) => (change.type === "remove" ? [change.id] : []));
  if (gone.length) store.getState().edit((document) => removeNodes(document, gone));
}

/**
 * A step of a drag. One node alone is drawn to lines with others; where it is let go it stays where it was seen last.
 * What rests where is written when the drag ends (`drop-on-wire.ts`).
 */
function drawnToOthers(
  change: NodePositionChange,
  changes: readonly NodeChange<Node>[],
  flow: ReactFlowInstance,
  view: ViewStore,
): NodePositionChange {
  const { pointer, guide } = view.getState();
  if (!change.dragging || !change.position) {
    guide([]);
    return { ...change, position: undefined };
  }
  const isAlone = changes.filter(({ type }) => type === "position").length === 1;
  const size = flow.getInternalNode(change.id)?.measured;
  if (!isAlone || pointer.isAltDown || !size) {
    guide([]);
    return change;
  }
  const box = { ...change.position, width: size.width ?? cardWidth, height: size.height ?? 0 };
  const { x, y, guides } = snapped(box, boxesInView(flow, change.id));
  guide(guides);
  return { ...change, position: { x, y } };
}

function boxesInView(flow: ReactFlowInstance, except: string): Box[] {
  const start = flow.screenToFlowPosition({ x: 0, y: 0 });
  const end = flow.screenToFlowPosition({ x: window.innerWidth, y: window.innerHeight });
  return flow.getNodes().flatMap(({ id, position, measured }) => {
    const box = { ...position, width: measured?.width ?? cardWidth, height: measured?.height ?? 0 };
    const isSeen = box.x < end.x && box.y < end.y && box.x + box.width > start.x && box.y + box.height > start.y;
    return id !== except && isSeen ? [box] : [];
  });
}

import { applyNodeChanges, type Node, type NodeChange } from "@xyflow/react";
import { useCallback, useEffect, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { moveNodes, removeNodes } from "#nodes/graph/edits";
import { definitionAt, useEditor, useEditorStore } from "../context";
import { cardHandles, cardHeight, cardWidth } from "../node/geometry";
import type { EditorState, EditorStore } from "../store";

const noData = {};

/**
 * The document's nodes as React Flow wants them. React Flow keeps sizes and drags; the document says which nodes there
 * are and where they rest.
 */
export function useFlowNodes(): { nodes: Node[]; changeNodes(changes: NodeChange<Node>[]): void } {
  const store = useEditorStore();
  const documentNodes = useEditor((state) => state.history.present.nodes);
  const selection = useEditor((state) => state.selection);
  const [nodes, setNodes] = useState<Node[]>([]);

  useEffect(
    () => setNodes((now) => flowNodes(now, documentNodes, selection, store.getState())),
    [documentNodes, selection, store],
  );

  const changeNodes = useCallback(
    (changes: NodeChange<Node>[]) => {
      const kept = changes.filter((change) => change.type !== "remove");
      setNodes((now) => applyNodeChanges(kept, now).map((node, i) => (node === now[i] ? node : measuredNode(node))));
      select(store, changes);
      remove(store, changes);
      move(store, changes);
    },
    [store],
  );
  return { nodes, changeNodes };
}

/** A node that is as it was stays the same object, and so does the list. */
function flowNodes(
  now: Node[],
  documentNodes: GraphDocument["nodes"],
  selection: readonly string[],
  state: EditorState,
): Node[] {
  const known = new Map(now.map((node) => [node.id, node]));
  const chosen = new Set(selection);
  const next = Object.entries(documentNodes).map(([id, { position }]): Node => {
    const before = known.get(id);
    const selected = chosen.has(id);
    const isSame =
      before?.selected === selected && before.position.x === position.x && before.position.y === position.y;
    if (before && (before.dragging || isSame)) return before;
    if (before) return { ...measuredNode(before), position, selected };
    return { ...expectedNode(id, state), position, selected };
  });
  return next.length === now.length && next.every((node, i) => node === now[i]) ? now : next;
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

/** Arrow keys move without a drag. */
function move(store: EditorStore, changes: readonly NodeChange<Node>[]): void {
  const moved = changes.flatMap((change) => {
    const isAtRest = change.type === "position" && change.dragging === false;
    return isAtRest && change.position ? [[change.id, change.position] as const] : [];
  });
  if (moved.length) store.getState().edit((document) => moveNodes(document, Object.fromEntries(moved)));
}

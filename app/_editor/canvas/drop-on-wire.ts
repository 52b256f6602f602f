/** Nodes that are let go on a wire are put into it. */
import { type OnNodeDrag, useReactFlow } from "@xyflow/react";
import { useCallback, useRef } from "react";
import { toast } from "../../_ui/toast";
import { withMembers } from "#nodes/graph/annotations";
import type { Wire } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";
import { insertion, passageThrough } from "#nodes/graph/inserting";
import { useEditorStore, useViewStore } from "../context";
import { addPart, partSeen } from "../parts";
import { siteOf } from "../site";
import { framedByPlace } from "./annotation-nodes";
import type { EditorState, EditorStore } from "../store";
import { wireOf } from "./wire-of";
import { useRoom } from "./room";
import type { FlowWire } from "./wire-of";

const mark = "data-drop";

/** Marks the wire that is met at a place of the screen, and no other; gives its id. */
export function markWireAt(place: { x: number; y: number } | undefined): string | undefined {
  for (const marked of document.querySelectorAll(`.react-flow__edge[${mark}]`)) marked.removeAttribute(mark);
  if (!place) return undefined;
  const edge = document.elementsFromPoint(place.x, place.y).find((each) => each.closest(".react-flow__edge"));
  const wire = edge?.closest<HTMLElement>(".react-flow__edge");
  wire?.setAttribute(mark, "");
  return wire?.dataset.id;
}

export function useWireAt(): (place: { x: number; y: number } | undefined) => Wire | undefined {
  const flow = useReactFlow();
  return useCallback(
    (place) => {
      const id = markWireAt(place);
      const edge = id === undefined ? undefined : (flow.getEdge(id) as FlowWire | undefined);
      return edge && wireOf(edge);
    },
    [flow],
  );
}

const isUnwired = ({ shown }: EditorState, id: string): boolean =>
  shown.wires.every(({ from, to }) => from.node !== id && to.node !== id);

/**
 * What a drag of nodes ends in. While one node without wires is over a wire, that is marked; let go there, the node is
 * put into it. With Alt from the beginning, copies are left where the drag ends.
 */
export function useDropOnWire(): { begin: OnNodeDrag; over: OnNodeDrag; drop: OnNodeDrag } {
  const store = useEditorStore();
  const flow = useReactFlow();
  const copies = useRef(false);
  const begin: OnNodeDrag = useCallback((event) => {
    copies.current = event.altKey;
  }, []);
  const view = useViewStore();
  const wireAt = useWireAt();
  const makeRoom = useRoom();
  const over: OnNodeDrag = useCallback(
    (_, node, dragged) => {
      const isAlone = dragged.length === 1 && isUnwired(store.getState(), node.id);
      markWireAt(isAlone ? view.getState().pointer.place : undefined);
    },
    [store, view],
  );
  const drop: OnNodeDrag = useCallback(
    (_, node, dragged) => {
      const state = store.getState();
      const isAlone = dragged.length === 1 && isUnwired(state, node.id);
      const wire = wireAt(isAlone ? view.getState().pointer.place : undefined);
      markWireAt(undefined);
      view.getState().guide([]);
      const ids = dragged.map(({ id }) => id);
      if (copies.current) {
        copies.current = false;
        copyTo(store, ids, flow.getNode(node.id)?.position ?? node.position, node.id);
        return;
      }
      const rested = dragged.map((each) => flow.getNode(each.id) ?? each);
      const moved = withMembers(state.shown, ids).flatMap((id) => flow.getNode(id) ?? []);
      const positions = Object.fromEntries(moved.map(({ id, position }) => [id, position]));
      const { passage, reason } = wire ? passageThrough(siteOf(state), wire, node.id) : {};
      if (reason) toast.error("It cannot be put into this wire.", { description: reason });
      state.edit((level) => {
        const framed = framedByPlace(moveNodes(level, positions), rested);
        return wire && passage ? makeRoom(insertion(wire, node.id, passage)(framed), node.id, wire) : framed;
      });
      if (passage) view.getState().announce("Put into the wire.");
    },
    [store, view, flow, wireAt, makeRoom],
  );
  return { begin, over, drop };
}

/** Copies of some nodes; the one that was held lies at a place, and what they are copied from stays where it was. */
function copyTo(store: EditorStore, ids: readonly string[], place: { x: number; y: number }, held: string): void {
  const state = store.getState();
  const { x = 0, y = 0 } = state.shown.nodes[held]?.position ?? {};
  addPart(store, partSeen(state, ids), { x: place.x - x, y: place.y - y });
}

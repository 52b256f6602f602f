/** Nodes that are let go on a wire are put into it. */
import { type OnNodeDrag, useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import { toast } from "sonner";
import type { Wire } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";
import { insertion, passageThrough } from "#nodes/graph/inserting";
import { useEditorStore, useViewStore } from "../context";
import { siteOf } from "../site";
import type { EditorState } from "../store";
import { wireOf } from "./flow-wires";
import { useRoom } from "./room";
import type { FlowWire } from "./wire-view";

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

/** While one node without wires is dragged over a wire, that is marked; let go there, the node is put into it. */
export function useDropOnWire(): { over: OnNodeDrag; drop: OnNodeDrag } {
  const store = useEditorStore();
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
      const positions = Object.fromEntries(dragged.map(({ id, position }) => [id, position]));
      const { passage, reason } = wire ? passageThrough(siteOf(state), wire, node.id) : {};
      if (reason) toast.error("It cannot be put into this wire.", { description: reason });
      state.edit((level) => {
        const moved = moveNodes(level, positions);
        return wire && passage ? makeRoom(insertion(wire, node.id, passage)(moved), node.id, wire) : moved;
      });
      if (passage) view.getState().announce("Put into the wire.");
    },
    [store, view, wireAt, makeRoom],
  );
  return { over, drop };
}

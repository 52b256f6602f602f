import type { Wire } from "#nodes/graph/document";
import { definitionAt, definitionOf, useEditorStore } from "../context";
import { PalettePopup } from "../palette-popup";
import type { EditorState } from "../store";
import { usePlacing } from "./adding";
import type { AddRequest } from "./requests";

type LooseEnd = NonNullable<AddRequest["from"]>;

/** Search at the pointer; what is picked is placed there, and wired to the loose end. */
export function AddPopup({ request, onClose }: { request: AddRequest; onClose(): void }) {
  const store = useEditorStore();
  const place = usePlacing();
  const { x, y, at, from } = request;
  return (
    <PalettePopup
      x={x}
      y={y}
      fitting={from && { type: typeOf(store.getState(), from), side: from.side }}
      onClose={onClose}
      onPick={(type) => {
        onClose();
        place(type, at, (id) => from && wireTo(store.getState(), from, type, id));
      }}
    />
  );
}

function typeOf(state: EditorState, { node, port, side }: LooseEnd): string {
  const definition = definitionAt(state, node);
  const ports = side === "source" ? definition?.outputs : definition?.inputs;
  return ports?.[port]?.type ?? "";
}

/** The wire from a loose end to the first port of a new node that fits. */
function wireTo(state: EditorState, end: LooseEnd, type: string, id: string): Wire | undefined {
  const wanted = typeOf(state, end);
  const definition = definitionOf(type);
  const ports = (end.side === "source" ? definition?.inputs : definition?.outputs) ?? {};
  const port = Object.keys(ports).find((name) => ports[name]?.type === wanted);
  if (!port) return undefined;
  const there = { node: id, port };
  const here = { node: end.node, port: end.port };
  return end.side === "source" ? { from: here, to: there } : { from: there, to: here };
}

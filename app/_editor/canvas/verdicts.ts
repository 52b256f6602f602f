/** Which wires fit, and why others do not. */
import type { Connection } from "@xyflow/react";
import { useCallback, useRef } from "react";
import { freePort, type Side } from "#nodes/graph/composite-edits";
import { boundary, type GraphDocument, type Wire } from "#nodes/graph/document";
import { connect, disconnect, sameWire } from "#nodes/graph/edits";
import { endpointKey } from "#nodes/graph/resolve";
import type { Objection } from "#nodes/graph/problem";
import { objectionToChange } from "#nodes/graph/site";
import { objectionTo } from "../checked";
import { useEditorStore } from "../context";
import { siteOf } from "../site";
import type { EditorState } from "../store";
import { wireOf } from "./wire-of";
import type { FlowWire } from "./wire-of";

/** The handle of a boundary from which a new port is drawn. */
export const newPort = "+";

/** The wire that a connection stands for. One from or to the new port of a boundary gives that port its name. */
export function drawnWire({ composite, history }: EditorState, connection: Connection | FlowWire): Wire | undefined {
  const wire = wireOf(connection);
  if (!wire || composite === undefined) return wire;
  const { from, to } = wire;
  const free = (side: Side, like: string) => freePort(history.present, composite, side, like);
  if (from.node === boundary.inputs && from.port === newPort)
    return { from: { ...from, port: free("inputs", to.port) }, to };
  if (to.node === boundary.outputs && to.port === newPort)
    return { from, to: { ...to, port: free("outputs", from.port) } };
  return wire;
}

export type Verdict = (connection: Connection | FlowWire, instead?: Wire) => Objection | null;

/**
 * Why a wire cannot be drawn, or null; of one that is plugged anew, as if it were not there. Asked on every move of the
 * pointer over a port: each pair is checked once for each state of the document.
 */
export function useVerdicts(): Verdict {
  const store = useEditorStore();
  const verdicts = useRef<{ document?: GraphDocument; known: Map<string, Objection | null> }>({ known: new Map() });
  return useCallback(
    (connection, instead) => {
      const state = store.getState();
      const wire = drawnWire(state, connection);
      if (!wire) return { message: "A wire goes from an output to an input." };
      if (isDrawn(state, wire, instead)) return { message: "These two ports are wired to each other already." };
      const document = state.history.present;
      if (verdicts.current.document !== document) verdicts.current = { document, known: new Map() };
      const id = [state.composite ?? "", keyOf(wire), instead ? keyOf(instead) : ""].join(": ");
      const known = verdicts.current.known.get(id);
      if (known !== undefined) return known;
      const objection = instead ? toReplugging(state, wire, instead) : objectionTo(document, wire, state.composite);
      verdicts.current.known.set(id, objection);
      return objection;
    },
    [store],
  );
}

/** Whether another wire than the one that is plugged anew goes from the same port to the same. */
const isDrawn = ({ shown }: EditorState, wire: Wire, instead: Wire | undefined): boolean =>
  shown.wires.some((drawn) => sameWire(drawn, wire) && !(instead && sameWire(drawn, instead)));

const keyOf = ({ from, to }: Wire): string => `${endpointKey(from)} → ${endpointKey(to)}`;

function toReplugging(state: EditorState, wire: Wire, instead: Wire): Objection | null {
  if (sameWire(wire, instead)) return null;
  if (wire.from.node === wire.to.node) return { message: "A node cannot feed itself." };
  const without = (level: GraphDocument) => disconnect(level, [instead]);
  return objectionToChange(siteOf(state), (level) => connect(without(level), wire), without);
}

import { type Connection, type FinalConnectionState, type OnConnectEnd, useReactFlow } from "@xyflow/react";
import { useCallback, useRef } from "react";
import { toast } from "sonner";
import { freePort, type Side } from "#nodes/graph/composite-edits";
import { isBoundary } from "#nodes/graph/composites";
import { boundary, type GraphDocument, type Wire } from "#nodes/graph/document";
import { connect } from "#nodes/graph/edits";
import { endpointKey } from "#nodes/graph/resolve";
import { reasonAgainst } from "../checked";
import { useEditorStore } from "../context";
import type { EditorState } from "../store";
import type { AddRequest } from "./requests";
import { wireOf } from "./flow-wires";
import type { FlowWire } from "./wire-view";

/** Drawing wires: which fit, why others do not, and what happens where one is let go over nothing. */
export function useConnecting(onLetGo: (request: AddRequest) => void) {
  const store = useEditorStore();
  const { screenToFlowPosition } = useReactFlow();
  const verdict = useVerdicts();

  const isValidConnection = useCallback((connection: Connection | FlowWire) => verdict(connection) === null, [verdict]);
  const drawWire = useCallback(
    (connection: Connection) => {
      const wire = drawnWire(store.getState(), connection);
      if (wire) store.getState().edit((document) => connect(document, wire));
    },
    [store],
  );
  const endConnect: OnConnectEnd = useCallback(
    (event, state) => {
      const { fromHandle, fromNode, toHandle } = state;
      if (!fromHandle?.id || !fromNode) return;
      if (toHandle) return complain(state, verdict);
      if (isBoundary({ node: fromNode.id }) && fromHandle.id === newPort) return;
      const { clientX: x, clientY: y } = "changedTouches" in event ? (event.changedTouches[0] as Touch) : event;
      const from = { node: fromNode.id, port: fromHandle.id, side: fromHandle.type };
      onLetGo({ x, y, at: screenToFlowPosition({ x, y }), from });
    },
    [onLetGo, verdict, screenToFlowPosition],
  );
  return { isValidConnection, drawWire, endConnect };
}

/** The handle of a boundary from which a new port is drawn. */
export const newPort = "+";

/** The wire that a connection stands for. One from or to the new port of a boundary gives that port its name. */
function drawnWire({ composite, history }: EditorState, connection: Connection | FlowWire): Wire | undefined {
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

/**
 * Why a wire cannot be drawn, or null. Asked on every move of the pointer over a port: each pair is checked once for
 * each state of the document.
 */
function useVerdicts(): (connection: Connection | FlowWire) => string | null {
  const store = useEditorStore();
  const verdicts = useRef<{ document?: GraphDocument; known: Map<string, string | null> }>({ known: new Map() });
  return useCallback(
    (connection) => {
      const state = store.getState();
      const wire = drawnWire(state, connection);
      if (!wire) return "A wire goes from an output to an input.";
      const { composite } = state;
      const document = state.history.present;
      if (verdicts.current.document !== document) verdicts.current = { document, known: new Map() };
      const id = `${composite ?? ""}: ${endpointKey(wire.from)} → ${endpointKey(wire.to)}`;
      const known = verdicts.current.known.get(id);
      if (known !== undefined) return known;
      const reason = reasonAgainst(document, wire, composite);
      verdicts.current.known.set(id, reason);
      return reason;
    },
    [store],
  );
}

/** Says why a wire that was let go on a port is not drawn. */
function complain(state: FinalConnectionState, verdict: (connection: Connection) => string | null): void {
  const { fromHandle, fromNode, toHandle, toNode, isValid } = state;
  if (!fromHandle || !fromNode || !toHandle || !toNode || isValid) return;
  if (fromHandle.type === toHandle.type) {
    toast.error(`Two ${toHandle.type === "source" ? "outputs" : "inputs"} cannot be wired.`, {
      description: "A wire goes from an output, on the right, to an input, on the left.",
    });
    return;
  }
  const drawn = { node: fromNode.id, port: fromHandle.id ?? null };
  const met = { node: toNode.id, port: toHandle.id ?? null };
  const [from, to] = fromHandle.type === "source" ? [drawn, met] : [met, drawn];
  const reason = verdict({
    source: from.node,
    sourceHandle: from.port,
    target: to.node,
    targetHandle: to.port,
  });
  toast.error("These do not fit", { description: reason ?? undefined });
}

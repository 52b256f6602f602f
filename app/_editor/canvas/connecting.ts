import {
  type Connection,
  type FinalConnectionState,
  type HandleType,
  type OnConnectEnd,
  type OnConnectStart,
  useReactFlow,
} from "@xyflow/react";
import { type MouseEvent as ReactMouseEvent, useCallback, useMemo, useRef } from "react";
import { isBoundary } from "#nodes/graph/composites";
import { connect, disconnect, sameWire } from "#nodes/graph/edits";
import { withOutputMoved } from "#nodes/graph/inserting";
import { useEditorStore, useViewStore } from "../context";
import { siteOf } from "../site";
import type { EditorStore } from "../store";
import type { ViewStore } from "../view";
import { wireOf } from "./wire-of";
import { connectionOf, type HeldEnd, lightPorts } from "./lit-ports";
import type { Refusal } from "./requests";
import { drawnWire, newPort, useVerdicts, type Verdict } from "./verdicts";
import type { FlowWire } from "./wire-of";

interface Gesture {
  /** All wires of the output are moved to another one. */
  movesAll?: boolean;
  /** Where it began, on the screen. */
  start?: { x: number; y: number };
  putOut?(): void;
}

/** Pixels that the pointer moves before a click is a drag. */
const clickRadius = 8;

/**
 * Drawing wires, and plugging their ends anew: which fit, why others do not, and what happens where one is let go over
 * nothing.
 */
export function useConnecting() {
  const store = useEditorStore();
  const view = useViewStore();
  const { screenToFlowPosition } = useReactFlow();
  const verdict = useVerdicts();
  const gesture = useRef<Gesture>({});

  const isValidConnection = useCallback(
    (connection: Connection | FlowWire) => verdict(connection, view.getState().pointer.replugged) === null,
    [verdict, view],
  );
  const drawWire = useCallback(
    (connection: Connection) => {
      const wire = drawnWire(store.getState(), connection);
      if (!wire) return;
      store.getState().edit((document) => connect(document, wire));
      view.getState().announce(`Wired: ${wire.from.node}.${wire.from.port} to ${wire.to.node}.${wire.to.port}.`);
    },
    [store, view],
  );
  const startConnect: OnConnectStart = useCallback(
    (event, { nodeId, handleId, handleType }) => {
      const canvas = document.querySelector<HTMLElement>(".react-flow");
      if (!nodeId || !handleId || !handleType || !canvas) return;
      const now = gesture.current;
      now.movesAll = event.shiftKey && handleType === "source" && !view.getState().pointer.replugged;
      const held = { node: nodeId, port: handleId, side: handleType };
      now.putOut?.();
      now.putOut = lightPorts(store.getState(), held, isValidConnection, canvas);
    },
    [store, view, isValidConnection],
  );
  const endConnect: OnConnectEnd = useCallback(
    (event, state) => {
      const { movesAll, putOut } = gesture.current;
      const { replugged } = view.getState().pointer;
      putOut?.();
      if (!replugged) gesture.current = {};
      const { fromHandle, fromNode, toHandle, toNode } = state;
      if (replugged || !fromHandle?.id || !fromNode) return;
      const held = { node: fromNode.id, port: fromHandle.id, side: fromHandle.type };
      const { x, y } = pointOf(event);
      if (toHandle?.id && toNode) {
        const met = { node: toNode.id, port: toHandle.id, side: toHandle.type };
        if (movesAll && met.side === "source") moveAll(store, view, held, met, { x, y });
        else if (!state.isValid) view.getState().refuse({ x, y, ...refusalOf(held, met, verdict) });
        return;
      }
      if (isBoundary({ node: held.node }) && held.port === newPort) return;
      view.getState().askForNode({ x, y, at: screenToFlowPosition({ x, y }), from: held });
    },
    [store, view, verdict, screenToFlowPosition],
  );
  const replugging = useMemo(() => {
    return {
      onReconnectStart(event: ReactMouseEvent, edge: FlowWire) {
        gesture.current = { start: { x: event.clientX, y: event.clientY } };
        view.getState().pointer.replugged = wireOf(edge);
      },
      onReconnect(_: FlowWire, connection: Connection) {
        const { replugged } = view.getState().pointer;
        const wire = drawnWire(store.getState(), connection);
        if (!wire || !replugged || sameWire(wire, replugged)) return;
        store.getState().edit((document) => connect(disconnect(document, [replugged]), wire));
        view.getState().announce("The wire is plugged anew.");
      },
      onReconnectEnd(event: MouseEvent | TouchEvent, _: FlowWire, held: HandleType, state: FinalConnectionState) {
        const { start } = gesture.current;
        const { replugged } = view.getState().pointer;
        gesture.current = {};
        view.getState().pointer.replugged = undefined;
        if (!replugged || state.isValid) return;
        const { x, y } = pointOf(event);
        // A mere click takes nothing away.
        if (!start || Math.hypot(x - start.x, y - start.y) < clickRadius) return;
        const { fromNode, fromHandle, toHandle, toNode } = state;
        if (toHandle?.id && toNode && fromNode && fromHandle?.id) {
          const fixed = { node: fromNode.id, port: fromHandle.id, side: fromHandle.type };
          const met = { node: toNode.id, port: toHandle.id, side: toHandle.type };
          const refusal = refusalOf(fixed, met, (connection) => verdict(connection, replugged));
          view.getState().refuse({ x, y, ...refusal, instead: replugged });
          return;
        }
        store.getState().edit((document) => disconnect(document, [replugged]));
        view.getState().announce(`The wire's ${held === "source" ? "beginning" : "end"} is unplugged: it is gone.`);
      },
    };
  }, [store, view, verdict]);
  return { isValidConnection, drawWire, startConnect, endConnect, replugging };
}

/** All wires of one output begin at another; of those that do not fit there it is said why. */
function moveAll(
  store: EditorStore,
  view: ViewStore,
  from: HeldEnd,
  to: HeldEnd,
  place: { x: number; y: number },
): void {
  const state = store.getState();
  const { document, moved, refused } = withOutputMoved(siteOf(state), from, to);
  state.editWhole(() => document);
  view.getState().announce([`${moved} wires are moved.`, ...refused].join(" "));
  if (refused[0]) view.getState().refuse({ ...place, reason: refused[0] });
}

function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const { clientX, clientY } = "changedTouches" in event ? (event.changedTouches[0] as Touch) : event;
  return { x: clientX, y: clientY };
}

/** Why a wire between two ports is not drawn, and the wire, where there could be one. */
export function refusalOf(held: HeldEnd, met: HeldEnd, verdict: Verdict): Omit<Refusal, "x" | "y"> {
  if (held.side === met.side) {
    const ports = held.side === "source" ? "outputs" : "inputs";
    return {
      reason: `Two ${ports} cannot be wired. A wire goes from an output, on the right, to an input, on the left.`,
    };
  }
  const connection = connectionOf(held, met);
  const { message = "", shapes } = verdict(connection) ?? {};
  return { reason: message, shapes, wire: wireOf(connection) };
}

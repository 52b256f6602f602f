import type { EdgeChange } from "@xyflow/react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Wire } from "#nodes/graph/document";
import { disconnect } from "#nodes/graph/edits";
import { endpointKey } from "#nodes/graph/resolve";
import { hiddenIn } from "./annotation-nodes";
import { definitionAt, useEditor, useEditorStore, wayTo } from "../context";
import type { EditorState } from "../store";
import type { FlowWire } from "./wire-of";

/**
 * The document's wires as React Flow wants them, and what to do when it picks or deletes some. A wire that did not
 * change stays the same object, and so does the list.
 */
export function useFlowWires(): { edges: FlowWire[]; changeEdges(changes: EdgeChange<FlowWire>[]): void } {
  const store = useEditorStore();
  const wires = useEditor((state) => state.shown.wires);
  const checked = useEditor((state) => state.checked);
  const frames = useEditor((state) => state.shown.frames);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const known = useRef<FlowWire[]>([]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another check may give other types and problems
  const edges = useMemo(() => {
    const hidden = hiddenIn(store.getState().shown);
    const before = new Map(known.current.map((edge) => [edge.id, edge]));
    const drawn = wires.flatMap((wire) => {
      const id = idOf(wire);
      const edge = seenWire(flowWire(id, wire, store.getState(), picked.has(id)), hidden);
      return edge ? [keptOr(before.get(id), edge)] : [];
    });
    const isSame = drawn.length === known.current.length && drawn.every((edge, i) => edge === known.current[i]);
    if (!isSame) known.current = drawn;
    return known.current;
  }, [wires, checked, picked, frames, store]);

  const changeEdges = useCallback(
    (changes: EdgeChange<FlowWire>[]) => {
      setPicked((now) => withPicks(now, changes));
      const ids = new Set(changes.flatMap((change) => (change.type === "remove" ? [change.id] : [])));
      if (!ids.size) return;
      store.getState().edit((document) => {
        const gone = document.wires.filter((wire) => ids.has(idOf(wire)));
        return gone.length ? disconnect(document, gone) : document;
      });
    },
    [store],
  );
  return { edges, changeEdges };
}

function idOf({ from, to }: Wire): string {
  return `${endpointKey(from)} → ${endpointKey(to)}`;
}

/** A wire as it ends at frames that are shut; nothing for one within such a frame. */
function seenWire(edge: FlowWire, hidden: ReadonlyMap<string, string>): FlowWire | undefined {
  const [source, target] = [hidden.get(edge.source), hidden.get(edge.target)];
  if (source === undefined && target === undefined) return edge;
  if (source === target) return undefined;
  return {
    ...edge,
    data: { ...edge.data, type: edge.data?.type ?? "file", isFolded: true },
    reconnectable: false,
    ...(source === undefined ? {} : { source, sourceHandle: "source" }),
    ...(target === undefined ? {} : { target, targetHandle: "target" }),
  };
}

function flowWire(id: string, wire: Wire, state: EditorState, selected: boolean): FlowWire {
  const { from, to } = wire;
  const type = definitionAt(state, from.node)?.outputs[from.port]?.type ?? "file";
  const bad = state.checked.nodes
    .get(wayTo(state, to.node))
    ?.problems.find(
      ({ severity, port, code }) => severity === "error" && port === to.port && code !== "missing-input",
    )?.message;
  return {
    id,
    type: "wire",
    source: from.node,
    sourceHandle: from.port,
    target: to.node,
    targetHandle: to.port,
    data: { type, bad, wire },
    selected,
  };
}

/** An edge's id says where it begins and ends. */
function keptOr(before: FlowWire | undefined, now: FlowWire): FlowWire {
  const isSame =
    before?.selected === now.selected &&
    before?.source === now.source &&
    before?.target === now.target &&
    before?.data?.type === now.data?.type &&
    before?.data?.bad === now.data?.bad &&
    before?.data?.isFolded === now.data?.isFolded &&
    before?.data?.wire === now.data?.wire;
  return before && isSame ? before : now;
}

function withPicks(now: ReadonlySet<string>, changes: readonly EdgeChange<FlowWire>[]): ReadonlySet<string> {
  const picks = changes.filter((change) => change.type === "select");
  if (!picks.length) return now;
  const next = new Set(now);
  for (const { id, selected } of picks) {
    if (selected) next.add(id);
    else next.delete(id);
  }
  return next;
}

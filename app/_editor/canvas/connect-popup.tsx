"use client";

import { type ReactFlowInstance, useReactFlow } from "@xyflow/react";
import { Command } from "cmdk";
import { type KeyboardEvent, useEffect, useState } from "react";
import { isBoundary } from "#nodes/graph/composites";
import type { Point, Wire } from "#nodes/graph/document";
import { wireKey } from "#nodes/graph/document-shape";
import { connect, disconnect } from "#nodes/graph/edits";
import { type LooseEnd, wireBetween } from "#nodes/graph/inserting";
import { endpointKey } from "#nodes/graph/resolve";
import { objectionTo } from "../checked";
import { rectsOf } from "../commands/view";
import { definitionAt, useEditorStore, useViewStore } from "../context";
import { portsOf } from "../node/ports";
import { MenuItem } from "../menu-item";
import { gridStep } from "../snapping";
import type { EditorState } from "../store";
import { bendAt } from "./bends";
import type { PortRequest } from "./requests";

/** Wires by a list, without a pointer: a port of the node first, then what it is wired to, or what is done there. */
export function ConnectPopup({ request }: { request: PortRequest }) {
  const view = useViewStore();
  const [end, setEnd] = useState<LooseEnd | undefined>(endOf(request));
  const [search, setSearch] = useState("");
  const close = () => view.getState().askForWire(undefined);
  function press(event: KeyboardEvent): void {
    if (event.key === "Escape") close();
    if (event.key === "Backspace" && !search) setEnd(undefined);
  }
  function choosePort(port: LooseEnd): void {
    setEnd(port);
    setSearch("");
  }
  const label = end ? `Connect ${end.node}.${end.port}` : `Connect a port of ${request.node}`;
  const top = Math.min(request.y, window.innerHeight - 360);
  const left = Math.min(request.x, window.innerWidth - 340);
  return (
    <>
      <button type="button" aria-label="Close" tabIndex={-1} className="fixed inset-0 z-30" onClick={close} />
      <div role="dialog" aria-label={label} className="fixed z-40" style={{ top, left }} data-connect>
        <Command
          label={label}
          loop
          onKeyDown={press}
          className="w-80 overflow-hidden rounded-xl border border-line-strong bg-raised shadow-2xl"
        >
          <p className="px-3 pt-2 text-2xs text-ink-2">{label}</p>
          <Command.Input
            autoFocus
            value={search}
            onValueChange={setSearch}
            placeholder={end ? "What with?" : "Which port?"}
            className="w-full border-b border-line bg-transparent px-3 py-2 outline-none"
          />
          <Command.List className="max-h-72 overflow-y-auto p-1.5">
            {end ? (
              <OtherEnds end={end} request={request} onDone={close} />
            ) : (
              <OwnPorts node={request.node} onChoose={choosePort} />
            )}
          </Command.List>
        </Command>
      </div>
    </>
  );
}

function endOf({ node, port }: PortRequest): LooseEnd | undefined {
  return port && { node, port: port.name, side: port.side };
}

function wiresAt({ shown }: EditorState, { node, port, side }: LooseEnd): Wire[] {
  const end = side === "source" ? "from" : "to";
  return shown.wires.filter((wire) => wire[end].node === node && wire[end].port === port);
}

function OwnPorts({ node, onChoose }: { node: string; onChoose(end: LooseEnd): void }) {
  const store = useEditorStore();
  const definition = definitionAt(store.getState(), node);
  const ports = (["in", "out"] as const).flatMap((side) =>
    portsOf(definition, side).map(([port, { type }]) => {
      const end: LooseEnd = { node, port, side: side === "in" ? "target" : "source" };
      return { end, type, count: wiresAt(store.getState(), end).length };
    }),
  );
  const wordOf = ({ side }: LooseEnd) => (side === "source" ? "output" : "input");
  return ports.map(({ end, type, count }) => (
    <MenuItem key={end.side + end.port} value={`${wordOf(end)} ${end.port}`} onSelect={() => onChoose(end)}>
      <span className="w-12 shrink-0 text-2xs text-ink-2">{wordOf(end)}</span>
      <span className="truncate">{end.port}</span>
      <span className="ml-auto shrink-0 text-2xs text-ink-2">
        {count ? `${count} ${count === 1 ? "wire" : "wires"}` : type}
      </span>
    </MenuItem>
  ));
}

/** The ports that fit, found by the check; the wires that are there, to be taken away; and a new node. */
function OtherEnds({ end, request, onDone }: { end: LooseEnd; request: PortRequest; onDone(): void }) {
  const store = useEditorStore();
  const view = useViewStore();
  const flow = useReactFlow();
  const { fitting, isDone } = useFittingEnds(end);
  const wires = wiresAt(store.getState(), end);
  const there = end.side === "source" ? "to" : "from";
  function change(wire: Wire, isDrawn: boolean): void {
    onDone();
    store.getState().edit((level) => (isDrawn ? connect(level, wire) : disconnect(level, [wire])));
    view
      .getState()
      .announce(`${isDrawn ? "Wired" : "Wire deleted"}: ${endpointKey(wire.from)} to ${endpointKey(wire.to)}.`);
    document.querySelector<HTMLElement>(`.react-flow__node[data-id="${request.node}"]`)?.focus({ preventScroll: true });
  }
  function addNode(): void {
    onDone();
    const place = { x: request.x, y: request.y };
    setTimeout(() => view.getState().askForNode({ ...place, at: placeBeside(store.getState(), end), from: end }), 30);
  }
  function insertInto(wire: Wire): void {
    onDone();
    const [start, stop] = endsOf(flow, wire);
    const at = { x: (start.x + stop.x) / 2, y: (start.y + stop.y) / 2 };
    setTimeout(() => view.getState().askForNode({ x: request.x, y: request.y, at, into: wire }), 30);
  }
  function bend(wire: Wire): void {
    onDone();
    const [start, stop] = endsOf(flow, wire);
    // Beside the straight way, or nothing would be seen of it.
    const at = { x: (start.x + stop.x) / 2, y: (start.y + stop.y) / 2 + 5 * gridStep };
    store.getState().edit((level) => bendAt(level, wire, [start, stop], at));
    view.getState().announce("Bent. The arrow keys move the bend, Delete takes it away.");
    focusBend(wire, at);
  }
  return (
    <>
      <Command.Empty className="p-3 text-center text-ink-3">{isDone ? "Nothing fits." : "Looking …"}</Command.Empty>
      {fitting.map((wire) => (
        <MenuItem
          key={endpointKey(wire[there])}
          value={`connect ${endLabel(store.getState(), wire[there])}`}
          onSelect={() => change(wire, true)}
        >
          {endLabel(store.getState(), wire[there])}
        </MenuItem>
      ))}
      {wires.map((wire) => (
        <WireItems
          key={endpointKey(wire[there])}
          name={endpointKey(wire[there])}
          label={`${there === "to" ? "to" : "from"} ${endLabel(store.getState(), wire[there])}`}
          acts={{ delete: () => change(wire, false), insert: () => insertInto(wire), bend: () => bend(wire) }}
        />
      ))}
      <MenuItem value="add a new node" onSelect={addNode}>
        Add a node that fits…
      </MenuItem>
    </>
  );
}

interface WireItemsProps {
  name: string;
  label: string;
  acts: Readonly<Record<"delete" | "insert" | "bend", () => void>>;
}

/** What can be done with a wire that is there. */
function WireItems({ name, label, acts }: WireItemsProps) {
  return (
    <>
      <MenuItem value={`delete ${name}`} onSelect={acts.delete}>
        Delete the wire {label}
      </MenuItem>
      <MenuItem value={`put a node into ${name}`} onSelect={acts.insert}>
        Put a node into the wire {label}…
      </MenuItem>
      <MenuItem value={`bend ${name}`} onSelect={acts.bend}>
        Bend the wire {label}
      </MenuItem>
    </>
  );
}

/** About where a wire begins and ends: at the sides of its nodes. */
function endsOf(flow: ReactFlowInstance, { from, to }: Wire): [Point, Point] {
  const [source] = rectsOf(flow, [from.node]);
  const [target] = rectsOf(flow, [to.node]);
  const start = source ? { x: source.x + source.width, y: source.y + source.height / 2 } : { x: 0, y: 0 };
  return [start, target ? { x: target.x, y: target.y + target.height / 2 } : start];
}

/** Gives the focus to the bend of a wire that lies at a place, as soon as it is drawn. */
function focusBend(wire: Wire, { x, y }: Point, framesLeft = 120): void {
  const edge = CSS.escape(wireKey(wire));
  const circle = `circle[cx="${Math.round(x)}"][cy="${Math.round(y)}"]`;
  const drawn = document.querySelector<SVGElement>(`.react-flow__edge[data-id="${edge}"] ${circle}`);
  if (drawn) drawn.focus();
  else if (framesLeft) requestAnimationFrame(() => focusBend(wire, { x, y }, framesLeft - 1));
}

function endLabel(state: EditorState, { node, port }: { node: string; port: string }): string {
  const title = state.shown.nodes[node]?.title ?? definitionAt(state, node)?.title ?? node;
  return `${title} (${node}): ${port}`;
}

function placeBeside({ shown }: EditorState, { node, side }: LooseEnd): { x: number; y: number } {
  const { x = 0, y = 0 } = shown.nodes[node]?.position ?? {};
  return { x: x + (side === "source" ? 320 : -320), y };
}

/** Milliseconds of checking at a time. */
const slice = 12;

function useFittingEnds(end: LooseEnd): { fitting: readonly Wire[]; isDone: boolean } {
  const store = useEditorStore();
  const [result, setResult] = useState<{ fitting: readonly Wire[]; isDone: boolean }>({ fitting: [], isDone: false });
  useEffect(() => {
    const state = store.getState();
    const waiting = candidatesFor(state, end);
    const fitting: Wire[] = [];
    let timer = 0;
    function look(): void {
      const start = performance.now();
      while (waiting.length && performance.now() - start < slice) {
        const wire = waiting.shift() as Wire;
        if (objectionTo(state.history.present, wire, state.composite) === null) fitting.push(wire);
      }
      setResult({ fitting: [...fitting], isDone: !waiting.length });
      if (waiting.length) timer = window.setTimeout(look, 0);
    }
    look();
    return () => window.clearTimeout(timer);
  }, [store, end]);
  return result;
}

/** Wires to the ports of the right type that are not wired to the end yet. */
function candidatesFor(state: EditorState, end: LooseEnd): Wire[] {
  const [own, side] = end.side === "source" ? (["out", "in"] as const) : (["in", "out"] as const);
  const type = portsOf(definitionAt(state, end.node), own).find(([name]) => name === end.port)?.[1].type;
  const there = end.side === "source" ? "to" : "from";
  const known = new Set(wiresAt(state, end).map((wire) => endpointKey(wire[there])));
  return Object.keys(state.shown.nodes).flatMap((node) => {
    if (node === end.node || isBoundary({ node })) return [];
    return portsOf(definitionAt(state, node), side).flatMap(([port, met]) =>
      met.type === type && !known.has(endpointKey({ node, port })) ? [wireBetween(end, { node, port })] : [],
    );
  });
}

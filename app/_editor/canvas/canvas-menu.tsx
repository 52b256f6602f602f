"use client";

import { useReactFlow } from "@xyflow/react";
import { ContextMenu } from "radix-ui";
import { type MouseEvent, type ReactNode, useState } from "react";
import type { Wire } from "#nodes/graph/document";
import { disconnect } from "#nodes/graph/edits";
import { cx } from "../../_ui/cx";
import { useCommandContext } from "../command-context";
import { type CommandId, commands, runCommand } from "../commands";
import { canRun, type Command } from "../commands/command";
import { useEditor, useEditorStore, useViewStore } from "../context";
import { useKeysText } from "../keys";
import { wireOf } from "./wire-of";
import type { PortRequest } from "./requests";
import type { FlowWire } from "./wire-of";

/** What lies under the pointer. */
type Target =
  | { kind: "pane" | "node" | "selection" }
  | { kind: "wire"; wire: Wire }
  | { kind: "port"; node: string; port: NonNullable<PortRequest["port"]> };

const lists: Record<"pane" | "node" | "selection", readonly (readonly CommandId[])[]> = {
  pane: [
    ["addNode", "addNote", "paste", "pasteWired"],
    ["undo", "redo"],
    ["selectAll", "find", "palette"],
    ["tidy", "fit", "actualSize"],
    ["shutFrames", "openFrames"],
    ["wires", "shapes", "overview"],
  ],
  node: [
    ["runTo", "connect"],
    ["copy", "cut", "duplicate", "rename"],
    ["bypass", "mute", "pin", "collapse"],
    ["frame", "unframe"],
    ["chooseUpstream", "chooseDownstream"],
    ["makeComposite", "openComposite", "expandComposite"],
    ["remove", "removeAndHeal"],
  ],
  selection: [
    ["runTo"],
    ["copy", "cut", "duplicate"],
    ["bypass", "mute", "pin", "collapse"],
    ["frame", "unframe"],
    ["tidy", "alignLeft", "alignCentre", "alignRight", "alignTop", "alignMiddle", "alignBottom"],
    ["distributeAcross", "distributeDown"],
    ["makeComposite", "expandComposite"],
    ["remove", "removeAndHeal"],
  ],
};

/** The menu of what lies under the pointer, or has the focus: nodes, wires, ports, or the canvas itself. */
export function CanvasMenu({ children }: { children: ReactNode }) {
  const store = useEditorStore();
  const view = useViewStore();
  const flow = useReactFlow();
  const [target, setTarget] = useState<Target>({ kind: "pane" });
  const [place, setPlace] = useState({ x: 0, y: 0 });
  function look(event: MouseEvent): void {
    const { clientX: x, clientY: y } = event;
    setPlace({ x, y });
    setTarget(targetAt(event.target as Element));
  }
  function targetAt(element: Element): Target {
    const handle = element.closest<HTMLElement>(".react-flow__handle");
    if (handle) {
      const side = handle.classList.contains("source") ? "source" : "target";
      return { kind: "port", node: handle.dataset.nodeid ?? "", port: { name: handle.dataset.handleid ?? "", side } };
    }
    const edge = element.closest<HTMLElement>(".react-flow__edge")?.dataset.id;
    const wire = edge === undefined ? undefined : wireOf(flow.getEdge(edge) as FlowWire);
    if (wire) return { kind: "wire", wire };
    const node = element.closest<HTMLElement>(".react-flow__node, .react-flow__nodesselection");
    if (!node) return { kind: "pane" };
    const { selection, select } = store.getState();
    const id = node.dataset.id;
    if (id !== undefined && !selection.includes(id)) select([id]);
    return { kind: store.getState().selection.length > 1 ? "selection" : "node" };
  }
  // What is chosen from the menu happens where it was opened.
  const atPlace = (act: () => void) => () => {
    view.getState().pointer.place = place;
    setTimeout(act, 30);
  };
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger asChild>
        <div className="size-full" onContextMenuCapture={look}>
          {children}
        </div>
      </ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content
          className={cx(
            "z-50 max-h-[80vh] w-80 overflow-y-auto rounded-xl",
            "border border-line-strong bg-raised p-1.5 shadow-2xl",
          )}
          data-canvas-menu={target.kind}
        >
          {target.kind === "wire" && <WireItems wire={target.wire} place={place} atPlace={atPlace} />}
          {target.kind === "port" && <PortItems request={{ ...target, ...place }} atPlace={atPlace} />}
          {target.kind !== "wire" && target.kind !== "port" && <CommandLists kind={target.kind} atPlace={atPlace} />}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

type AtPlace = (act: () => void) => () => void;

function CommandLists({ kind, atPlace }: { kind: keyof typeof lists; atPlace: AtPlace }) {
  return lists[kind].map((ids, i) => (
    <ContextMenu.Group key={ids[0]}>
      {i > 0 && <Line />}
      {ids.map((id) => (
        <CommandItem key={id} id={id} atPlace={atPlace} />
      ))}
    </ContextMenu.Group>
  ));
}

function CommandItem({ id, atPlace }: { id: CommandId; atPlace: AtPlace }) {
  const command: Command = commands[id];
  const context = useCommandContext();
  const isPossible = useEditor((state) => canRun(command, state));
  const keysText = useKeysText();
  return (
    <Item isPossible={isPossible} onSelect={atPlace(() => runCommand(command, context))}>
      {command.title}
      <kbd className="ml-auto pl-4 font-mono text-[11px] text-ink-3">{keysText(command)}</kbd>
    </Item>
  );
}

function WireItems({ wire, place, atPlace }: { wire: Wire; place: { x: number; y: number }; atPlace: AtPlace }) {
  const store = useEditorStore();
  const view = useViewStore();
  const flow = useReactFlow();
  const frozen = useEditor((state) => state.frozen);
  const insert = () => view.getState().askForNode({ ...place, at: flow.screenToFlowPosition(place), into: wire });
  return (
    <>
      <Item isPossible={!frozen} onSelect={atPlace(insert)}>
        Put a node into this wire…
      </Item>
      <Item isPossible={!frozen} onSelect={() => store.getState().edit((level) => disconnect(level, [wire]))}>
        Delete this wire
      </Item>
      <Line />
      <Item isPossible onSelect={() => store.getState().select([wire.from.node])}>
        Choose where it begins
      </Item>
      <Item isPossible onSelect={() => store.getState().select([wire.to.node])}>
        Choose where it ends
      </Item>
      <Line />
      <CommandItem id="shapes" atPlace={atPlace} />
    </>
  );
}

function PortItems({ request, atPlace }: { request: PortRequest; atPlace: AtPlace }) {
  const store = useEditorStore();
  const view = useViewStore();
  const frozen = useEditor((state) => state.frozen);
  const { node, port } = request;
  const wires = store.getState().shown.wires.filter(({ from, to }) => {
    const end = port?.side === "source" ? from : to;
    return end.node === node && end.port === port?.name;
  });
  return (
    <>
      <Item isPossible={!frozen} onSelect={atPlace(() => view.getState().askForWire(request))}>
        Connect…
      </Item>
      <Item
        isPossible={!frozen && wires.length > 0}
        onSelect={() => store.getState().edit((level) => disconnect(level, wires))}
      >
        Delete its wires
      </Item>
    </>
  );
}

interface ItemProps {
  isPossible: boolean;
  onSelect(): void;
  children: ReactNode;
}

function Item({ isPossible, onSelect, children }: ItemProps) {
  return (
    <ContextMenu.Item
      disabled={!isPossible}
      onSelect={onSelect}
      className={cx(
        "flex cursor-pointer items-center gap-2 rounded-md px-2 py-1 outline-none data-[highlighted]:bg-sunken",
        "data-[disabled]:pointer-events-none data-[disabled]:opacity-45",
      )}
    >
      {children}
    </ContextMenu.Item>
  );
}

function Line() {
  return <ContextMenu.Separator className="my-1 h-px bg-line" />;
}

"use client";

import { useReactFlow } from "@xyflow/react";
import { Fragment } from "react";
import type { Wire } from "#nodes/graph/document";
import { disconnect } from "#nodes/graph/edits";
import { FloatingItem, FloatingLine, FloatingMenu } from "../../_ui/floating-menu";
import { useCommandContext } from "../command-context";
import { type CommandId, commands, runCommand } from "../commands";
import { canRun, type Command } from "../commands/command";
import { useEditor, useEditorStore, useViewStore } from "../context";
import { useKeysText } from "../keys";
import type { Target } from "./menu-target";
import type { PortRequest } from "./requests";

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
    ["chooseUpstream", "chooseDownstream"],
    ["bypass", "mute", "pin", "collapse"],
    ["frame", "putIntoFrame", "unframe", "lock"],
    ["makeComposite", "openComposite", "expandComposite"],
    ["remove", "removeAndHeal"],
  ],
  selection: [
    ["runTo"],
    ["copy", "cut", "duplicate"],
    ["tidy", "alignLeft", "alignCentre", "alignRight", "alignTop", "alignMiddle", "alignBottom"],
    ["distributeAcross", "distributeDown"],
    ["bypass", "mute", "pin", "collapse"],
    ["frame", "putIntoFrame", "unframe", "lock"],
    ["makeComposite", "expandComposite"],
    ["remove", "removeAndHeal"],
  ],
};

interface OpenCanvasMenuProps {
  target: Target;
  place: { x: number; y: number };
  onClose(): void;
}

/** The menu while it is open. */
export function OpenCanvasMenu({ target, place, onClose }: OpenCanvasMenuProps) {
  const view = useViewStore();
  // What is chosen from the menu happens where it was opened.
  const atPlace = (act: () => void) => () => {
    view.getState().pointer.place = place;
    setTimeout(act, 30);
  };
  return (
    <FloatingMenu
      label="What can be done here"
      box={{ ...place, width: 0, height: 0 }}
      align="start"
      className="max-h-[94vh] w-80 overflow-y-auto"
      kind={target.kind}
      onClose={onClose}
    >
      {target.kind === "wire" && <WireItems wire={target.wire} place={place} atPlace={atPlace} />}
      {target.kind === "port" && <PortItems request={{ ...target, ...place }} atPlace={atPlace} />}
      {target.kind !== "wire" && target.kind !== "port" && <CommandLists kind={target.kind} atPlace={atPlace} />}
    </FloatingMenu>
  );
}

type AtPlace = (act: () => void) => () => void;

function CommandLists({ kind, atPlace }: { kind: keyof typeof lists; atPlace: AtPlace }) {
  return lists[kind].map((ids, i) => (
    <Fragment key={ids[0]}>
      {i > 0 && <FloatingLine />}
      {ids.map((id) => (
        <CommandItem key={id} id={id} atPlace={atPlace} />
      ))}
    </Fragment>
  ));
}

function CommandItem({ id, atPlace }: { id: CommandId; atPlace: AtPlace }) {
  const command: Command = commands[id];
  const context = useCommandContext();
  const isPossible = useEditor((state) => canRun(command, state));
  const keysText = useKeysText();
  return (
    <FloatingItem disabled={!isPossible} onSelect={atPlace(() => runCommand(command, context))}>
      {command.title}
      <kbd className="ml-auto pl-4 font-mono text-2xs text-ink-3">{keysText(command)}</kbd>
    </FloatingItem>
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
      <FloatingItem disabled={frozen} onSelect={atPlace(insert)}>
        Put a node into this wire…
      </FloatingItem>
      <FloatingItem disabled={frozen} onSelect={() => store.getState().edit((level) => disconnect(level, [wire]))}>
        Delete this wire
      </FloatingItem>
      <FloatingLine />
      <FloatingItem onSelect={() => store.getState().select([wire.from.node])}>Choose where it begins</FloatingItem>
      <FloatingItem onSelect={() => store.getState().select([wire.to.node])}>Choose where it ends</FloatingItem>
      <FloatingLine />
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
      <FloatingItem disabled={frozen} onSelect={atPlace(() => view.getState().askForWire(request))}>
        Connect…
      </FloatingItem>
      <FloatingItem
        disabled={frozen || !wires.length}
        onSelect={() => store.getState().edit((level) => disconnect(level, wires))}
      >
        Delete its wires
      </FloatingItem>
    </>
  );
}

import type { ReactFlowInstance } from "@xyflow/react";
import { toast } from "sonner";
import { within } from "#nodes/graph/composite-edits";
import { compositeIdOf, compositeOf } from "#nodes/graph/composites";
import { excerpt, type Part, paste, removeNodes } from "#nodes/graph/edits";
import { expand, make, withoutUnused } from "#nodes/graph/make-composite";
import { parsePart, partText } from "#nodes/graph/parse";
import { wayTo } from "./context";
import { leave, openInside } from "./composites/opening";
import { tidy } from "./layout-graph";
import type { RunOptions } from "./run-actions";
import type { EditorStore } from "./store";

export interface CommandContext {
  store: EditorStore;
  flow: ReactFlowInstance;
  runGraph(targets?: string[], options?: RunOptions): void;
  stopRun(): void;
  /** Nodes and wires. */
  deselect(): void;
}

/**
 * One command: its title, its keys, what it does. The toolbar, the keyboard and the help list read this table. `Mod` is
 * ⌘ or Ctrl.
 */
export interface Command {
  title: string;
  keys: string;
  run(context: CommandContext): void | Promise<void>;
  /** Its keys mean the same while a field has the caret. */
  whileTyping?: boolean;
  /** Its keys belong to a button that has the focus. */
  yieldsToButtons?: boolean;
}

export const commands = {
  run: { title: "Run the graph", keys: "Mod+Enter", whileTyping: true, run: ({ runGraph }) => runGraph() },
  runNext: {
    title: "Run before all that waits",
    keys: "Mod+Shift+Enter",
    whileTyping: true,
    run: ({ runGraph }) => runGraph(undefined, { next: true }),
  },
  runTo: { title: "Run up to the chosen nodes", keys: "Alt+Enter", whileTyping: true, run: runToChosen },
  stop: { title: "Stop the run", keys: "Mod+Alt+Enter", whileTyping: true, run: ({ stopRun }) => stopRun() },
  deselect: { title: "Choose nothing, or leave the composite", keys: "Escape", run: deselectOrLeave },
  undo: { title: "Undo", keys: "Mod+Z", run: ({ store }) => store.getState().undo() },
  redo: { title: "Redo", keys: "Mod+Shift+Z", run: ({ store }) => store.getState().redo() },
  selectAll: {
    title: "Choose all nodes",
    keys: "Mod+A",
    run: ({ store }) => store.getState().select(Object.keys(store.getState().shown.nodes)),
  },
  duplicate: { title: "Duplicate", keys: "Mod+D", run: (context) => insert(context, chosenPart(context)) },
  copy: { title: "Copy", keys: "Mod+C", run: copyChosen },
  cut: {
    title: "Cut",
    keys: "Mod+X",
    async run(context) {
      await copyChosen(context);
      const { edit, selection } = context.store.getState();
      edit((document) => removeNodes(document, selection));
    },
  },
  paste: { title: "Paste", keys: "Mod+V", run: pasteCopied },
  makeComposite: { title: "Make a composite", keys: "Mod+Shift+E", run: makeOfChosen },
  openComposite: { title: "Open the composite", keys: "Enter", yieldsToButtons: true, run: openChosen },
  expandComposite: { title: "Expand the composite", keys: "Mod+Shift+U", run: expandChosen },
  tidy: { title: "Arrange", keys: "Mod+Shift+L", run: arrange },
  fit: { title: "Show everything", keys: "Mod+0", run: ({ flow }) => showEverything(flow) },
} satisfies Record<string, Command>;

/** A command's keys as they are written for people: "Ctrl+Enter". */
export function keysText({ keys }: Command): string {
  return keys.replace("Mod", "Ctrl");
}

/** The command that a key press stands for. Keys that type into a field stay there. */
export function commandFor(event: KeyboardEvent): Command | undefined {
  const pressed = keysOf(event);
  const found = Object.values<Command>(commands).find((command) => command.keys === pressed);
  const elsewhere = "input, textarea, select, [contenteditable=true], [role=dialog], [role=alertdialog]";
  const target = event.target as HTMLElement;
  const isTyping = target.closest(elsewhere) !== null;
  const isForButton = found?.yieldsToButtons && target.closest("button, a, summary, [role=menuitem]") !== null;
  return isForButton || (isTyping && !found?.whileTyping) ? undefined : found;
}

function keysOf(event: KeyboardEvent): string {
  const isMod = event.metaKey || event.ctrlKey;
  const named = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [isMod && "Mod", event.altKey && "Alt", event.shiftKey && "Shift", named].filter(Boolean).join("+");
}

function runToChosen({ store, runGraph }: CommandContext): void {
  const state = store.getState();
  if (state.selection.length) runGraph(state.selection.map((id) => wayTo(state, id)));
}

function chosenPart({ store }: CommandContext): Part {
  const { shown, selection } = store.getState();
  return excerpt(shown, selection);
}

function insert({ store }: CommandContext, part: Part): void {
  let ids: string[] = [];
  store.getState().edit((document) => {
    const result = paste(document, part, { x: 40, y: 40 });
    ids = result.ids;
    return result.document;
  });
  store.getState().select(ids);
}

function deselectOrLeave({ store, flow, deselect }: CommandContext): void {
  const hasChosenWires = flow.getEdges().some(({ selected }) => selected);
  if (store.getState().selection.length || hasChosenWires) deselect();
  else leave(store);
}

function makeOfChosen({ store }: CommandContext): void {
  const { selection, edit, select, frozen } = store.getState();
  if (frozen || !selection.length) return;
  let made: string[] = [];
  edit((document) => {
    const result = make(document, selection);
    made = result ? [result.id] : [];
    return result?.document ?? document;
  });
  select(made);
}

function openChosen({ store }: CommandContext): void {
  const [id, ...others] = store.getState().selection;
  if (id !== undefined && !others.length) openInside(store, id);
}

/** Puts what lies in the chosen instances in their places; composites without any other instance are gone then. */
function expandChosen({ store }: CommandContext): void {
  const { selection, composite, shown, editWhole, select, frozen } = store.getState();
  const instances = selection.filter((id) => compositeOf(shown, shown.nodes[id]) !== undefined);
  if (frozen || !instances.length) return;
  const types = instances.map((id) => compositeIdOf(shown.nodes[id]?.type ?? "") ?? "");
  let chosen: string[] = [];
  editWhole((document) => {
    const expanded = within(document, composite, (graph) =>
      instances.reduce((now, id) => {
        const result = expand(now, id);
        chosen = [...chosen, ...(result?.ids ?? [])];
        return result?.document ?? now;
      }, graph),
    );
    return types.reduce(withoutUnused, expanded);
  });
  select(chosen);
}

async function copyChosen(context: CommandContext): Promise<void> {
  if (!context.store.getState().selection.length) return;
  await navigator.clipboard.writeText(partText(chosenPart(context)));
}

/** Nothing happens when something else is on the clipboard. */
async function pasteCopied(context: CommandContext): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => "");
  const { part, problems = [] } = parsePart(text);
  if (part) insert(context, part);
  else if (problems[0]) toast.error("What was copied is no part of a graph.", { description: problems[0].message });
}

function arrange({ store, flow }: CommandContext): void {
  store.getState().edit((document) =>
    tidy(document, (id) => {
      const { width = 240, height = 120 } = flow.getInternalNode(id)?.measured ?? {};
      return { width, height };
    }),
  );
  setTimeout(() => showEverything(flow), 50);
}

function showEverything(flow: ReactFlowInstance): void {
  void flow.fitView({ padding: 0.12, duration: 200, maxZoom: 1 });
}

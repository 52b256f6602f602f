import type { ReactFlowInstance } from "@xyflow/react";
import { toast } from "sonner";
import { excerpt, paste, removeNodes } from "#nodes/graph/edits";
import { parsePart, partText } from "#nodes/graph/parse";
import { tidy } from "./layout-graph";
import type { EditorStore } from "./store";

export interface CommandContext {
  store: EditorStore;
  flow: ReactFlowInstance;
  runGraph(targets?: string[]): void;
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
}

export const commands = {
  run: { title: "Run the graph", keys: "Mod+Enter", whileTyping: true, run: ({ runGraph }) => runGraph() },
  stop: { title: "Stop the run", keys: "Mod+Alt+Enter", whileTyping: true, run: ({ stopRun }) => stopRun() },
  deselect: { title: "Choose nothing", keys: "Escape", run: ({ deselect }) => deselect() },
  undo: { title: "Undo", keys: "Mod+Z", run: ({ store }) => store.getState().undo() },
  redo: { title: "Redo", keys: "Mod+Shift+Z", run: ({ store }) => store.getState().redo() },
  selectAll: {
    title: "Choose all nodes",
    keys: "Mod+A",
    run: ({ store }) => store.getState().select(Object.keys(store.getState().history.present.nodes)),
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
  const isTyping = (event.target as HTMLElement).closest(elsewhere) !== null;
  return isTyping && !found?.whileTyping ? undefined : found;
}

function keysOf(event: KeyboardEvent): string {
  const isMod = event.metaKey || event.ctrlKey;
  const named = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [isMod && "Mod", event.altKey && "Alt", event.shiftKey && "Shift", named].filter(Boolean).join("+");
}

type Part = ReturnType<typeof excerpt>;

function chosenPart({ store }: CommandContext): Part {
  const { history, selection } = store.getState();
  return excerpt(history.present, selection);
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

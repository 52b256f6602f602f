import type { ReactFlowInstance } from "@xyflow/react";
import { toast } from "sonner";
import * as z from "zod";
import { graphDocument } from "#nodes/graph/document";
import { excerpt, paste, removeNodes } from "#nodes/graph/edits";
import { tidy } from "./layout-graph";
import type { EditorStore } from "./store";

export interface CommandContext {
  store: EditorStore;
  flow: ReactFlowInstance;
  run(targets?: string[]): void;
  cancel(): void;
}
/** One command: its title, its keys, what it does. The toolbar, the keyboard and the help list read this table. `Mod` is ⌘ or Ctrl. */
export interface Command {
  title: string;
  keys: string;
  run(c: CommandContext): void | Promise<void>;
}

const clip = z.object({ patchbay: z.literal(1), nodes: graphDocument.shape.nodes, wires: graphDocument.shape.wires });
const copied = ({ store }: CommandContext) => excerpt(store.getState().history.present, store.getState().selection);
function insert({ store }: CommandContext, part: Parameters<typeof paste>[1]): void {
  let ids: string[] = [];
  store.getState().edit((d) => {
    const result = paste(d, part, { x: 40, y: 40 });
    ids = result.ids;
    return result.document;
  });
  store.getState().select(ids);
}

export const commands = {
  run: { title: "Run the graph", keys: "Mod+Enter", run: (c) => c.run() },
  cancel: {
    title: "Cancel the run",
    keys: "Escape",
    run: (c) =>
      c.store.getState().run.status === "running" && c.store.getState().selection.length === 0
        ? c.cancel()
        : c.store.getState().select([]),
  },
  undo: { title: "Undo", keys: "Mod+Z", run: ({ store }) => store.getState().undo() },
  redo: { title: "Redo", keys: "Mod+Shift+Z", run: ({ store }) => store.getState().redo() },
  selectAll: {
    title: "Choose all nodes",
    keys: "Mod+A",
    run: ({ store }) => store.getState().select(Object.keys(store.getState().history.present.nodes)),
  },
  duplicate: { title: "Duplicate", keys: "Mod+D", run: (c) => insert(c, copied(c)) },
  copy: {
    title: "Copy",
    keys: "Mod+C",
    async run(c) {
      if (c.store.getState().selection.length)
        await navigator.clipboard.writeText(JSON.stringify({ patchbay: 1, ...copied(c) }));
    },
  },
  cut: {
    title: "Cut",
    keys: "Mod+X",
    async run(c) {
      await commands.copy.run(c);
      c.store.getState().edit((d) => removeNodes(d, c.store.getState().selection));
    },
  },
  paste: {
    title: "Paste",
    keys: "Mod+V",
    async run(c) {
      let part: unknown;
      try {
        part = JSON.parse(await navigator.clipboard.readText());
      } catch {
        return; // something else is on the clipboard
      }
      const parsed = clip.safeParse(part);
      if (parsed.success) insert(c, parsed.data);
      else toast.error("What was copied is no part of a graph.");
    },
  },
  tidy: {
    title: "Arrange",
    keys: "Mod+Shift+L",
    run({ store, flow }) {
      store.getState().edit((d) =>
        tidy(d, (id) => ({
          width: flow.getInternalNode(id)?.measured.width ?? 240,
          height: flow.getInternalNode(id)?.measured.height ?? 120,
        })),
      );
      setTimeout(() => void flow.fitView({ padding: 0.12, duration: 200, maxZoom: 1 }), 50);
    },
  },
  fit: {
    title: "Show everything",
    keys: "Mod+0",
    run: ({ flow }) => void flow.fitView({ padding: 0.12, duration: 200, maxZoom: 1 }),
  },
} satisfies Record<string, Command>;

/** The command that a key press stands for. Keys that type into a field stay there. */
export function commandFor(event: KeyboardEvent): Command | undefined {
  const target = event.target as HTMLElement;
  const typing = target.closest("input, textarea, select, [contenteditable=true], [role=dialog]") !== null;
  const pressed = [
    event.metaKey || event.ctrlKey ? "Mod" : "",
    event.shiftKey ? "Shift" : "",
    event.key.length === 1 ? event.key.toUpperCase() : event.key,
  ]
    .filter(Boolean)
    .join("+");
  const found = Object.values<Command>(commands).find((c) => c.keys === pressed);
  return typing && found !== commands.run ? undefined : found;
}

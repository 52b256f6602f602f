import { createStore } from "zustand";
import type { GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { begin, type History, record, redo, undo } from "./history";
import { fold, noRun, type RunState } from "./run-state";

export type Saved = "saved" | "unsaved" | "saving" | "failed" | "conflict";

export interface EditorState {
  graphId: string | undefined;
  history: History<GraphDocument>;
  selection: readonly string[];
  run: RunState;
  saved: Saved;
  /** Nothing can be edited: a snapshot of a run. */
  frozen: boolean;
  /** Applies an edit. Edits with the same `merge` key in a row are one undo step. */
  edit(change: (document: GraphDocument) => GraphDocument, merge?: string): void;
  undo(): void;
  redo(): void;
  select(ids: readonly string[]): void;
  startRun(id: string): void;
  tell(events: readonly RunEvent[]): void;
  setSaved(saved: Saved): void;
}
export type EditorStore = ReturnType<typeof createEditor>;

export const createEditor = ({
  graphId,
  document,
  frozen = false,
}: {
  graphId?: string;
  document: GraphDocument;
  frozen?: boolean;
}) =>
  createStore<EditorState>()((set) => ({
    graphId,
    history: begin(document),
    selection: [],
    run: noRun,
    saved: "saved",
    frozen,
    edit: (change, merge) =>
      set(({ history, saved, frozen }) => {
        if (frozen) return {};
        const next = record(history, change(history.present), merge);
        return next === history ? {} : { history: next, saved: saved === "conflict" ? saved : "unsaved" };
      }),
    undo: () =>
      set(({ history, frozen }) =>
        frozen || !history.past.length ? {} : { history: undo(history), saved: "unsaved" as const },
      ),
    redo: () =>
      set(({ history, frozen }) =>
        frozen || !history.future.length ? {} : { history: redo(history), saved: "unsaved" as const },
      ),
    select: (selection) => set((s) => (s.selection.join() === selection.join() ? {} : { selection })),
    // Previews of the last run stay until new ones come: what did not change still holds.
    startRun: (id) =>
      set(({ run }) => ({
        run: {
          ...noRun,
          id,
          status: "queued",
          nodes: Object.fromEntries(
            Object.entries(run.nodes).map(([node, n]) => [node, { status: n.status, previews: n.previews, ms: n.ms }]),
          ),
        },
      })),
    tell: (events) => set(({ run }) => ({ run: events.reduce(fold, run) })),
    setSaved: (saved) => set({ saved }),
  }));

/**
 * The state of one editor: the document with its history, what the compiler says of it, what is chosen, and the run
 * that is shown.
 */
import { createStore } from "zustand";
import type { GraphDocument } from "#nodes/graph/document";
import { type CheckedDocument, checkDocument } from "./checked";
import { begin, type History, record, redo, undo } from "./history";
import { fold, noRun, type RunState, startOf, type TimedEvent } from "./run-state";

export type Saved = "saved" | "unsaved" | "saving" | "failed" | "conflict";

export interface EditorState {
  graphId: string | undefined;
  history: History<GraphDocument>;
  /** The check of the document as it is now. */
  checked: CheckedDocument;
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
  tell(events: readonly TimedEvent[]): void;
  setSaved(saved: Saved): void;
}
export type EditorStore = ReturnType<typeof createEditor>;

interface EditorOptions {
  graphId?: string;
  document: GraphDocument;
  frozen?: boolean;
}

export function createEditor({ graphId, document, frozen = false }: EditorOptions) {
  return createStore<EditorState>()((set) => ({
    graphId,
    history: begin(document),
    checked: checkDocument(document),
    selection: [],
    run: noRun,
    saved: "saved",
    frozen,
    edit: (change, merge) => set((state) => moved(state, record(state.history, change(state.history.present), merge))),
    undo: () => set((state) => moved(state, undo(state.history))),
    redo: () => set((state) => moved(state, redo(state.history))),
    select: (selection) => set((state) => (state.selection.join() === selection.join() ? {} : { selection })),
    startRun: (id) => set(({ run }) => ({ run: startOf(id, run) })),
    tell: (events) => set(({ run }) => ({ run: events.reduce(fold, run) })),
    setSaved: (saved) => set({ saved }),
  }));
}

/** The state with another history: checked where nodes or wires are others, and to be saved. Nothing in a snapshot. */
function moved(state: EditorState, history: History<GraphDocument>): Partial<EditorState> {
  const before = state.history.present;
  const now = history.present;
  if (state.frozen || now === before) return {};
  const isChecked = now.nodes === before.nodes && now.wires === before.wires;
  return {
    history,
    checked: isChecked ? state.checked : checkDocument(now, state.checked),
    saved: state.saved === "conflict" ? "conflict" : "unsaved",
  };
}

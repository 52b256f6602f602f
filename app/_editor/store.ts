/**
 * The state of one editor: the document with its history, what the compiler says of it, what is chosen, and the run
 * that is shown.
 */
import { createStore } from "zustand";
import type { GraphDocument } from "#nodes/graph/document";
import { tooMany } from "#nodes/graph/parse";
import type { Problem } from "#nodes/graph/problem";
import { type CheckedDocument, checkDocument } from "./checked";
import { begin, type History, record, redo, undo } from "./history";
import { fold, noRun, type RunState, startOf, type TimedEvent } from "./run-state";

/** `failed`: the server does not answer; `refused`: it does, and does not take the document as it is. */
export type Saved = "saved" | "unsaved" | "saving" | "failed" | "refused" | "conflict";

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
  /** Hears why an edit was not made. */
  onRefused?(problem: Problem): void;
}

export function createEditor({ graphId, document, frozen = false, onRefused }: EditorOptions) {
  return createStore<EditorState>()((set) => ({
    graphId,
    history: begin(document),
    checked: checkDocument(document),
    selection: [],
    run: noRun,
    saved: "saved",
    frozen,
    edit: (change, merge) =>
      set((state) => {
        const { present } = state.history;
        const changed = change(present);
        const problem = outgrown(present, changed);
        if (problem) onRefused?.(problem);
        return problem ? {} : moved(state, record(state.history, changed, merge));
      }),
    undo: () => set((state) => moved(state, undo(state.history))),
    redo: () => set((state) => moved(state, redo(state.history))),
    select: (ids) =>
      set(({ selection, history }) => {
        const known = ids.filter((id) => Object.hasOwn(history.present.nodes, id));
        return selection.join() === known.join() ? {} : { selection: known };
      }),
    startRun: (id) => set(({ run }) => ({ run: startOf(id, run) })),
    tell: (events) => set(({ run }) => ({ run: events.reduce(fold, run) })),
    setSaved: (saved) => set({ saved }),
  }));
}

/** Why a graph may not grow to what it would become; one that is too large already may shrink and be changed. */
function outgrown(before: GraphDocument, after: GraphDocument): Problem | undefined {
  const sizeOf = ({ nodes, wires }: GraphDocument) => Object.keys(nodes).length + wires.length;
  return sizeOf(after) > sizeOf(before) ? tooMany(Object.keys(after.nodes).length, after.wires.length) : undefined;
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

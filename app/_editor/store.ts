/**
 * The state of one editor: the document with its history, what the compiler says of it, what is chosen, and the run
 * that is shown.
 */
import { createStore } from "zustand";
import { hasItem } from "#nodes/graph/annotations";
import { circleReason, within } from "#nodes/graph/composite-edits";
import { compositeIdOf, insideOf, separator } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import { tooMany } from "#nodes/graph/size-limits";
import { errorProblem, type Problem } from "#nodes/graph/problem";
import { type CheckedDocument, checkDocument } from "./checked";
import { begin, type History, record, redo, settled, undo } from "./history";
import { withInstances } from "./instance-runs";
import type { Foreseen } from "./foreseen";
import { noKeeping, type Keeping, type Question } from "./keeping/keeping";
import { rebased } from "./keeping/rebase";
import { fold, noRun, type RunState, startOf, type TimedEvent } from "./run-state";

/**
 * `failed`: the server does not answer; `refused`: it does, and does not take the document as it is; `conflict`: a
 * person must choose between what two windows changed.
 */
export type Saved = "saved" | "unsaved" | "saving" | "failed" | "refused" | "conflict";

export type Heat = "off" | "time" | "memory";

export interface EditorState extends Keeping {
  graphId: string | undefined;
  history: History<GraphDocument>;
  /** The instances that are opened, the outermost first: what is seen is the inside of the last one. */
  path: readonly string[];
  /** The graph that is seen: the document, or the inside of a composite as if it were one. */
  shown: GraphDocument;
  /** The composite whose inside is seen. */
  composite: string | undefined;
  /** The check of the document as it is now. */
  checked: CheckedDocument;
  /** Items: nodes by their ids, frames and notes as "frame:ID" and "note:ID". */
  selection: readonly string[];
  run: RunState;
  /** What a run of the graph would compute, as it was when it was last looked. */
  foreseen: Foreseen | undefined;
  /** What of the run that is shown is drawn on its nodes. */
  heat: Heat;
  saved: Saved;
  /** Nothing can be edited: a snapshot of a run. */
  frozen: boolean;
  /** A run was asked for since the last edit: what is not wired is now in its way. */
  wasAsked: boolean;
  /**
   * Applies an edit to the graph that is seen. Edits with the same `merge` key in a row are one undo step, until a
   * second goes by without one.
   */
  edit(change: (document: GraphDocument) => GraphDocument, merge?: string): void;
  /** Applies an edit to the document as a whole, whatever is seen of it. */
  editWhole(change: (document: GraphDocument) => GraphDocument, merge?: string): void;
  /** Shows the inside of an instance, of which the way there from the document is given. */
  open(path: readonly string[], selection?: readonly string[]): void;
  undo(): void;
  redo(): void;
  select(ids: readonly string[]): void;
  /** Ends the undo step that is being made: the next edit is one of its own. */
  settle(): void;
  askRun(): void;
  startRun(id: string): void;
  tell(events: readonly TimedEvent[]): void;
  foresee(foreseen: Foreseen | undefined): void;
  setHeat(heat: Heat): void;
  setSaved(saved: Exclude<Saved, "saved">): void;
  /** The server has this document. */
  setStored(document: GraphDocument): void;
  setKept(at: Keeping["keptAt"]): void;
  setQuestion(question: Question | undefined): void;
  setOthers(windows: Keeping["others"]): void;
  /** Makes a change in all states that undo and redo know, which is no step of theirs. */
  takeIn(change: (document: GraphDocument) => GraphDocument): void;
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
  return createStore<EditorState>()((set, get) => ({
    graphId,
    history: begin(document),
    ...seen(document, []),
    checked: checkDocument(document),
    selection: [],
    run: noRun,
    foreseen: undefined,
    heat: "off",
    saved: "saved",
    ...noKeeping,
    stored: document,
    frozen,
    wasAsked: false,
    edit: (change, merge) => {
      const { composite, editWhole, path } = get();
      editWhole((document) => within(document, composite, change), merge && [...path, merge].join(separator));
    },
    editWhole: (change, merge) =>
      set((state) => {
        const { present } = state.history;
        const changed = change(present);
        const problem = outgrown(present, changed) ?? circular(state, changed);
        if (problem) onRefused?.(problem);
        return problem ? {} : moved(state, record(state.history, changed, merge));
      }),
    open: (path, selection = []) =>
      set(({ history }) => ({ ...seen(history.present, path), selection: known(selection, history.present, path) })),
    undo: () => set((state) => moved(state, undo(state.history))),
    redo: () => set((state) => moved(state, redo(state.history))),
    select: (ids) =>
      set(({ selection, shown, history }) => {
        const there = ids.filter((id) => hasItem(shown, id));
        return selection.join() === there.join() ? {} : { selection: there, history: settled(history) };
      }),
    settle: () => set(({ history }) => ({ history: settled(history) })),
    askRun: () => set({ wasAsked: true }),
    startRun: (id) => set(({ run }) => ({ run: startOf(id, run) })),
    tell: (events) =>
      set(({ run, checked }) => ({ run: withInstances(events.reduce(fold, run), checked.graph.flat.instances) })),
    foresee: (foreseen) => set({ foreseen }),
    setHeat: (heat) => set({ heat }),
    setSaved: (saved) => set(saved === "saving" ? { saved, stored: undefined } : { saved }),
    setStored: (stored) =>
      set(({ history }) =>
        history.present === stored ? { stored, saved: "saved", savedAt: Date.now() } : { stored, saved: "unsaved" },
      ),
    setKept: (keptAt) => set({ keptAt }),
    setQuestion: (question) => set(({ saved }) => ({ question, saved: question ? "conflict" : saved })),
    setOthers: (others) => set({ others }),
    takeIn: (change) => set((state) => moved(state, rebased(state.history, change))),
  }));
}

/** Why a graph may not grow to what it would become; one that is too large already may shrink and be changed. */
function outgrown(before: GraphDocument, after: GraphDocument): Problem | undefined {
  const [sizeBefore, sizeAfter] = [sizeOf(before), sizeOf(after)];
  const grows = sizeAfter.nodes + sizeAfter.wires > sizeBefore.nodes + sizeBefore.wires;
  return grows ? tooMany(sizeAfter.nodes, sizeAfter.wires) : undefined;
}

/** Nodes and wires, those inside of composites too. */
function sizeOf(document: GraphDocument): { nodes: number; wires: number } {
  const parts = [document, ...Object.values(document.composites ?? {})];
  return {
    nodes: parts.reduce((sum, { nodes }) => sum + Object.keys(nodes).length, 0),
    wires: parts.reduce((sum, { wires }) => sum + wires.length, 0),
  };
}

/** Why what is seen may not become what it would: an instance of it would lie in itself. */
function circular({ composite, history }: EditorState, after: GraphDocument): Problem | undefined {
  if (composite === undefined || after.composites === history.present.composites) return undefined;
  const reason = circleReason(after, composite);
  return reason === undefined ? undefined : errorProblem("cycle", reason, "Use another composite inside of this one.");
}

/** What is seen of a document at the end of a way into it; the way ends where there is no such instance. */
function seen(document: GraphDocument, path: readonly string[]): Pick<EditorState, "path" | "shown" | "composite"> {
  let shown = document;
  let composite: string | undefined;
  const way: string[] = [];
  for (const id of path) {
    const inner = compositeIdOf(shown.nodes[id]?.type ?? "");
    const inside = inner === undefined ? undefined : insideOf(document, inner);
    if (!inside) break;
    way.push(id);
    shown = inside;
    composite = inner;
  }
  return { path: way, shown, composite };
}

/** Those of some nodes that are seen. */
function known(ids: readonly string[], document: GraphDocument, path: readonly string[]): string[] {
  const { shown } = seen(document, path);
  return ids.filter((id) => hasItem(shown, id));
}

/**
 * The state with another history: checked where nodes or wires are others, and to be saved unless it is what is stored.
 * Nothing in a snapshot.
 */
function moved(state: EditorState, history: History<GraphDocument>): Partial<EditorState> {
  const before = state.history.present;
  const now = history.present;
  if (state.frozen || now === before) return {};
  const isChecked = (["nodes", "wires", "composites", "constants"] as const).every(
    (part) => now[part] === before[part],
  );
  const view = seen(now, state.path);
  const selection = state.selection.filter((id) => hasItem(view.shown, id));
  return {
    history,
    ...view,
    selection: selection.length === state.selection.length ? state.selection : selection,
    wasAsked: isChecked && state.wasAsked,
    checked: isChecked ? state.checked : checkDocument(now, state.checked),
    saved: savedAs(state, now),
  };
}

/** Whether a document is saved, which is now the one that is seen. */
function savedAs({ saved, stored }: EditorState, now: GraphDocument): Saved {
  if (saved === "conflict") return "conflict";
  return now === stored ? "saved" : "unsaved";
}

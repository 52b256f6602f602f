import type { GraphDocument } from "#nodes/graph/document";

/** How the document is kept, beside whether it is saved. */
export interface Keeping {
  /** What the server is known to have, by identity: undone to it, a graph is unchanged. Nothing while it is asked. */
  stored: GraphDocument | undefined;
  /** When the server last had all of it, where this window saw that. */
  savedAt: number | undefined;
  /** When unsaved work was last kept in this browser; "failed" where that is not possible. */
  keptAt: number | "failed" | undefined;
  question: Question | undefined;
  others: readonly OtherWindow[];
  /** A name is asked for under which the present state is kept. */
  isNaming: boolean;
  /** The window of exports is open. */
  isExporting: boolean;
}

/** What this window and another changed both: the state that both come from, and what is stored now. */
export interface Question {
  base: GraphDocument;
  theirs: GraphDocument;
  revision: number;
}

/** A window of somebody that shows the same graph. */
export interface OtherWindow {
  id: string;
  since: number;
  agent: string;
}

export const noKeeping: Keeping = {
  stored: undefined,
  savedAt: undefined,
  keptAt: undefined,
  question: undefined,
  others: [],
  isNaming: false,
  isExporting: false,
};

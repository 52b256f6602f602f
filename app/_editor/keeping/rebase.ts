import type { GraphDocument } from "#nodes/graph/document";
import { isSame } from "#nodes/graph/document-shape";
import type { History } from "../history";

/**
 * A history of which every state took something in, such as what another window saved: undo goes through own edits
 * alone. Steps that change nothing any more are none.
 */
export function rebased(
  history: History<GraphDocument>,
  change: (document: GraphDocument) => GraphDocument,
): History<GraphDocument> {
  const present = change(history.present);
  return {
    ...history,
    past: withoutRepeats([...history.past.map(change), present]).slice(0, -1),
    present,
    future: withoutRepeats([present, ...history.future.map(change)]).slice(1),
  };
}

/** Of states in a row that are the same only one, and always the last. */
function withoutRepeats(states: readonly GraphDocument[]): GraphDocument[] {
  return states.filter((state, i) => i === states.length - 1 || !isSame(state, states[i + 1]));
}

/** Parts of what is seen, copied and put in again: with their wires, and with what is pinned in the instance seen. */
import { excerpt, type Part, paste } from "#nodes/graph/edits";
import { type Incoming, withIncoming } from "#nodes/graph/incoming";
import { within } from "#nodes/graph/composite-edits";
import { withPinsOfInstance, withPinsSeen } from "#nodes/graph/pinning";
import type { EditorState, EditorStore } from "./store";

/** The chosen items of what is seen, as they are copied. */
export function partSeen({ history, path, shown }: EditorState, items: readonly string[]): Part {
  return excerpt({ ...shown, nodes: withPinsSeen(history.present, path, shown.nodes) }, items);
}

/**
 * Adds a part to what is seen and chooses it, as one step of the history; gives the new ids. What it brings pinned
 * holds in the instance seen alone.
 */
export function addPart(
  store: EditorStore,
  part: Part,
  offset: { x: number; y: number },
  incoming: readonly Incoming[] = [],
): readonly string[] {
  const { composite, path, editWhole } = store.getState();
  let ids: readonly string[] = [];
  editWhole((document) => {
    const added = within(document, composite, (level) => {
      const result = paste(level, part, offset);
      ids = result.ids;
      const names = Object.fromEntries(Object.keys(part.nodes).map((id, place) => [id, ids[place] ?? id]));
      return withIncoming(result.document, names, incoming);
    });
    return withPinsOfInstance(added, path, ids);
  });
  store.getState().select(ids);
  return ids;
}

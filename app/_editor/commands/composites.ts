/** Commands on composites: making, opening and expanding them. */
import { within } from "#nodes/graph/composite-edits";
import { compositeIdOf, compositeOf, withoutUnused } from "#nodes/graph/composites";
import { openInside } from "../composites/opening";
import type { EditorState } from "../store";
import type { CommandContext } from "./command";

export function isInstanceChosen({ selection, shown }: EditorState): boolean {
  return selection.some((id) => compositeOf(shown, shown.nodes[id]) !== undefined);
}

/** What makes and expands composites is loaded when that is first asked for. */
const loadMaking = () => import("#nodes/graph/make-composite");

export async function makeOfChosen({ store }: CommandContext): Promise<void> {
  const { make } = await loadMaking();
  const { selection, composite, edit, select } = store.getState();
  let made: string[] = [];
  edit((document) => {
    const result = make(document, selection, { inside: composite });
    made = result ? [result.id] : [];
    return result?.document ?? document;
  });
  select(made);
}

export function openChosen({ store }: CommandContext): void {
  const [id, ...others] = store.getState().selection;
  if (id !== undefined && !others.length) openInside(store, id);
}

/** Puts what lies in the chosen instances in their places; composites without any other instance are gone then. */
export async function expandChosen({ store }: CommandContext): Promise<void> {
  const { expand } = await loadMaking();
  const { selection, composite, shown, editWhole, select } = store.getState();
  const instances = selection.filter((id) => compositeOf(shown, shown.nodes[id]) !== undefined);
  const types = instances.map((id) => compositeIdOf(shown.nodes[id]?.type ?? "") ?? "");
  let chosen: string[] = [];
  editWhole((document) => {
    const expanded = within(document, composite, (graph) =>
      instances.reduce((now, id) => {
        const result = expand(now, id, { inside: composite });
        chosen = [...chosen, ...(result?.ids ?? [])];
        return result?.document ?? now;
      }, graph),
    );
    return types.reduce(withoutUnused, expanded);
  });
  select(chosen);
}

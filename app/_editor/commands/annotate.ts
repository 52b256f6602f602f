/** Commands on what is not computed, and on what is only drawn: bypass, mute, frames, notes, collapsed nodes. */
import { toast } from "../../_ui/toast";
import { addNote, frameIdOf, frameOf, itemNamed, setShut, toggleLocked, unframe } from "#nodes/graph/annotations";
import { check } from "#nodes/graph/check";
import { within } from "#nodes/graph/composite-edits";
import { toggleCollapsed, toggleOff } from "#nodes/graph/edits";
import type { EditorState } from "../store";
import { chosenNodes, type CommandContext } from "./command";
import { placeInGraph } from "./view";

export const hasChosenNodes = (state: EditorState): boolean => chosenNodes(state).length > 0;

export const hasFrames = ({ shown }: EditorState): boolean => shown.frames !== undefined;

/** Bypasses the chosen nodes, or runs them again. Where nothing could stand in for what is read it says why. */
export function bypassChosen({ store, view }: CommandContext): void {
  const { edit, history, composite, shown } = store.getState();
  const nodes = chosenNodes(store.getState());
  const document = history.present;
  const known = new Set(check(document).problems.map(({ message }) => message));
  const changed = within(document, composite, (graph) => toggleOff(graph, nodes, "bypassed"));
  const reason = check(changed).problems.find(
    ({ severity, code, message }) =>
      severity === "error" && code !== "missing-input" && code !== "build-waits" && !known.has(message),
  );
  const isOff = nodes.every((id) => shown.nodes[id]?.off !== "bypassed");
  if (isOff && reason) {
    toast.error("This cannot be bypassed.", { description: reason.message });
    return;
  }
  edit((graph) => toggleOff(graph, nodes, "bypassed"));
  view.getState().announce(isOff ? "Bypassed." : "No longer bypassed.");
}

export function muteChosen({ store, view }: CommandContext): void {
  const { edit, shown } = store.getState();
  const nodes = chosenNodes(store.getState());
  const isOff = nodes.every((id) => shown.nodes[id]?.off !== "muted");
  edit((graph) => toggleOff(graph, nodes, "muted"));
  view.getState().announce(isOff ? "Muted." : "No longer muted.");
}

export function collapseChosen({ store }: CommandContext): void {
  const { edit } = store.getState();
  edit((graph) => toggleCollapsed(graph, chosenNodes(store.getState())));
}

/** Lets what is chosen stay where it is, or go again. */
export function lockChosen({ store, view }: CommandContext): void {
  const { selection, edit, shown } = store.getState();
  const areLocked = selection.every((item) => itemNamed(shown, item)?.locked);
  edit((graph) => toggleLocked(graph, selection));
  view.getState().announce(areLocked ? "No longer locked." : "Locked.");
}

/** Takes away the chosen frames, and those that chosen nodes lie in. */
export function unframeChosen({ store }: CommandContext): void {
  const { selection, edit, shown } = store.getState();
  const frames = selection.flatMap((item) => frameIdOf(item) ?? frameOf(shown, item) ?? []);
  edit((graph) => unframe(graph, [...new Set(frames)]));
}

export function shutFrames({ store }: CommandContext, isShut: boolean): void {
  store.getState().edit((graph) => setShut(graph, Object.keys(graph.frames ?? {}), isShut));
}

/** Puts an empty note under the pointer. */
export function addNoteHere(context: CommandContext): void {
  const { edit, select } = context.store.getState();
  let made = "";
  edit((graph) => {
    const added = addNote(graph, { position: placeInGraph(context), size: { width: 220, height: 120 } });
    made = added.id;
    return added.document;
  });
  select([`note:${made}`]);
}

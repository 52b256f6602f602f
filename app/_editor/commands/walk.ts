/** Commands that choose nodes along the wires, and move what is chosen. */
import { frameIdOf, itemsOf, moveItems, noteIdOf } from "#nodes/graph/annotations";
import { leave } from "../composites/opening";
import { definitionAt, runAt } from "../context";
import { along, type Direction, nextNode } from "../neighbours";
import { gridStep } from "../snapping";
import type { EditorState } from "../store";
import { type CommandContext, itemsText } from "./command";
import { bringIntoView, rectsOf } from "./view";

/** Chooses nodes, frames and notes. */
export function chooseAll({ store, view }: CommandContext): void {
  const items = itemsOf(store.getState().shown);
  store.getState().select(items);
  view.getState().announce(`Chosen: ${itemsText(items) || "nothing"}.`);
}

export function deselectOrLeave({ store, flow, deselect }: CommandContext): void {
  const hasChosenWires = flow.getEdges().some(({ selected }) => selected);
  if (store.getState().selection.length || hasChosenWires) deselect();
  else leave(store);
}

/** Chooses the node that lies that way, by the wires or beside. */
export function walk(context: CommandContext, direction: Direction): void {
  const { shown, selection } = context.store.getState();
  const next = nextNode(shown, selection.at(-1), direction);
  if (next === undefined) return;
  chooseAndTell(context, next);
}

/** Chooses an item alone, shows it, gives it the focus, and tells what it is. */
export function chooseAndTell(context: CommandContext, item: string): void {
  context.store.getState().select([item]);
  goTo(context, item);
}

/** Shows an item, gives it the focus, and tells what it is. */
export function goTo({ store, flow, view }: CommandContext, id: string): void {
  bringIntoView(flow, rectsOf(flow, [id]));
  view.getState().announce(spokenName(store.getState(), id));
  const focus = () =>
    document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`)?.focus({ preventScroll: true });
  requestAnimationFrame(focus);
}

/** What an item is called, and how its last run went. */
function spokenName(state: EditorState, item: string): string {
  const frame = state.shown.frames?.[frameIdOf(item) ?? ""];
  if (frame) return `Frame ${frame.title}`;
  if (noteIdOf(item) !== undefined) return "Note";
  const title = state.shown.nodes[item]?.title ?? definitionAt(state, item)?.title ?? item;
  const status = runAt(state, item)?.status;
  return status ? `${title}, ${status}` : title;
}

/** Adds to what is chosen all that it is made of, or all that is made of it. */
export function chooseAlong({ store, view }: CommandContext, direction: "upstream" | "downstream"): void {
  const { shown, selection, select } = store.getState();
  const ids = [...along(shown, selection, direction)];
  select(ids);
  view.getState().announce(`Chosen: ${itemsText(ids)}.`);
}

export function moveChosen({ store }: CommandContext, steps: { x: number; y: number }): void {
  const { selection, edit } = store.getState();
  const by = { x: steps.x * gridStep, y: steps.y * gridStep };
  edit((document) => moveItems(document, selection, by), `move ${selection.join()}`);
}

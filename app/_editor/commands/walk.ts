/** Commands that choose nodes along the wires, and move what is chosen. */
import { moveNodes } from "#nodes/graph/edits";
import { leave } from "../composites/opening";
import { definitionAt } from "../context";
import { along, type Direction, nextNode } from "../neighbours";
import { gridStep } from "../snapping";
import type { CommandContext } from "./command";
import { bringIntoView, rectsOf } from "./view";

export function chooseAll({ store, view }: CommandContext): void {
  const ids = Object.keys(store.getState().shown.nodes);
  store.getState().select(ids);
  view.getState().announce(`${ids.length} nodes are chosen.`);
}

export function deselectOrLeave({ store, flow, deselect }: CommandContext): void {
  const hasChosenWires = flow.getEdges().some(({ selected }) => selected);
  if (store.getState().selection.length || hasChosenWires) deselect();
  else leave(store);
}

/** Chooses the node that lies that way, by the wires or beside. */
export function walk(context: CommandContext, direction: Direction): void {
  const { shown, selection, select } = context.store.getState();
  const next = nextNode(shown, selection.at(-1), direction);
  if (next === undefined) return;
  select([next]);
  goTo(context, next);
}

/** Shows a node, gives it the focus, and tells what it is. */
export function goTo({ store, flow, view }: CommandContext, id: string): void {
  const state = store.getState();
  const title = state.shown.nodes[id]?.title ?? definitionAt(state, id)?.title ?? id;
  bringIntoView(flow, rectsOf(flow, [id]));
  view.getState().announce(title);
  const focus = () =>
    document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`)?.focus({ preventScroll: true });
  requestAnimationFrame(focus);
}

/** Adds to what is chosen all that it is made of, or all that is made of it. */
export function chooseAlong({ store, view }: CommandContext, direction: "upstream" | "downstream"): void {
  const { shown, selection, select } = store.getState();
  const ids = [...along(shown, selection, direction)];
  select(ids);
  view.getState().announce(`${ids.length} nodes are chosen.`);
}

export function moveChosen({ store }: CommandContext, steps: { x: number; y: number }): void {
  const { selection, edit, shown } = store.getState();
  const places = selection.flatMap((id) => {
    const position = shown.nodes[id]?.position;
    return position ? [[id, { x: position.x + steps.x * gridStep, y: position.y + steps.y * gridStep }] as const] : [];
  });
  edit((document) => moveNodes(document, Object.fromEntries(places)), `move ${selection.join()}`);
}

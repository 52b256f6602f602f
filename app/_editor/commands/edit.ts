/** Commands that change the graph, and take changes back. */
import { frameIdOf, noteIdOf } from "#nodes/graph/annotations";
import { disconnect, removeNodes } from "#nodes/graph/edits";
import { removeAndHeal } from "#nodes/graph/healing";
import { countOf } from "../../_ui/amounts";
import { toast } from "../../_ui/toast";
import { partSeen } from "../parts";
import { siteOf } from "../site";
import { wireOf } from "../canvas/wire-of";
import type { FlowWire } from "../canvas/wire-of";
import { changeBetween } from "../change-between";
import { pathToComposite } from "../composites/opening";
import { putIn } from "./clipboard";
import { type CommandContext, itemsText } from "./command";
import { bringIntoView, placeInGraph, placeOnScreen, rectsOf } from "./view";
import { askVersionName } from "../keeping/ask-version-name";

export function undo(context: CommandContext): void {
  step(context, "undo");
}

export function redo(context: CommandContext): void {
  step(context, "redo");
}

/** One step of the history, back or forth. What it changed is chosen, and shown where it is out of view. */
function step(context: CommandContext, direction: "undo" | "redo"): void {
  const { store, view, flow } = context;
  const before = store.getState().history.present;
  store.getState()[direction]();
  const now = store.getState().history.present;
  if (now === before) return;
  view.getState().announce(direction === "undo" ? "Undone." : "Done again.");
  const change = changeBetween(before, now);
  if (!change) return;
  const { open, composite } = store.getState();
  if (change.composite !== composite) {
    const path = pathToComposite(now, change.composite);
    if (path) open(path);
  }
  store.getState().select(change.nodes);
  const gone = change.gone.map((place) => ({ ...place, width: 240, height: 120 }));
  // React Flow has to hear of the nodes first.
  setTimeout(
    () => bringIntoView(flow, [...rectsOf(flow, change.nodes.length ? change.nodes : change.near), ...gone]),
    60,
  );
}

export function askForNode(context: CommandContext): void {
  context.view.getState().askForNode({ ...placeOnScreen(context), at: placeInGraph(context) });
}

/** Asks for a wire of the chosen node, by a list beside it. */
export function askForWire({ store, view, flow }: CommandContext): void {
  const [node] = store.getState().selection;
  if (node === undefined) return;
  const [rect] = rectsOf(flow, [node]);
  const corner = rect && flow.flowToScreenPosition({ x: rect.x + rect.width, y: rect.y });
  view.getState().askForWire({ node, x: (corner?.x ?? 0) + 8, y: corner?.y ?? 0 });
}

export function duplicate(context: CommandContext): void {
  const state = context.store.getState();
  putIn(context, partSeen(state, state.selection), { x: 40, y: 40 });
}

/** Takes the chosen nodes and wires out of the graph. */
export function removeChosen({ store, flow, view }: CommandContext): void {
  const { selection, edit } = store.getState();
  const wires = (flow.getEdges() as FlowWire[]).flatMap((edge) => (edge.selected ? (wireOf(edge) ?? []) : []));
  if (!selection.length && !wires.length) return;
  edit((document) => removeNodes(wires.length ? disconnect(document, wires) : document, selection));
  view.getState().announce(`Deleted: ${textOf(selection, wires.length)}.`);
}

/** Takes the chosen nodes out, and wires what they fed to what fed them. */
export function removeAndHealChosen({ store, view }: CommandContext): void {
  const state = store.getState();
  const { document, drawn, lost } = removeAndHeal(siteOf(state), state.selection);
  const items = state.selection;
  state.editWhole(() => document);
  view.getState().announce(`Deleted: ${itemsText(items)}. Healed: ${countOf(drawn.length, "wire")}.`);
  if (!lost.length) return;
  const inputs = lost.map(({ to }) => `${to.node}.${to.port}`).join(", ");
  toast(`Not healed: ${inputs}.`, { description: "Nothing that came in before fits there." });
}

/** "3 nodes, 1 wire". */
const textOf = (items: readonly string[], wires: number): string =>
  [itemsText(items), wires ? countOf(wires, "wire") : ""].filter(Boolean).join(", ");

/** Puts the caret into the title of the chosen node or frame, or into the text of the chosen note. */
export function renameChosen({ view, store }: CommandContext): void {
  const [item = ""] = store.getState().selection;
  if (frameIdOf(item) !== undefined || noteIdOf(item) !== undefined) {
    const drawn = document.querySelector(`.react-flow__node[data-id="${CSS.escape(item)}"]`);
    drawn?.querySelector<HTMLInputElement | HTMLTextAreaElement>("input, textarea")?.select();
    return;
  }
  const { panels, set } = view.getState();
  set({ panels: { ...panels, right: true } });
  setTimeout(() => document.querySelector<HTMLInputElement>('aside input[aria-label="Title"]')?.select(), 30);
}

export function nameVersion({ store }: CommandContext): void {
  store.getState().settle();
  askVersionName(store);
}

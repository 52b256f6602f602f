/** Commands that give items their places, and frames around them. They are loaded when nothing else is done. */
import { addFrame, itemsOf, outermost, withMembers } from "#nodes/graph/annotations";
import { placeItems } from "#nodes/graph/edits";
import { type Alignment, aligned, type Boxes, distributed } from "../aligning";
import { frameAround } from "../framing";
import type { CommandContext } from "./command";
import { duration, fitAll, rectsOf } from "./view";

/**
 * Arranges what is chosen where that is more than one item, those in frames counted, and everything otherwise. The
 * library that lays out is loaded when it is first asked for.
 */
export async function arrange({ store, flow }: CommandContext): Promise<void> {
  const { tidy } = await import("../layout-graph");
  const { selection, shown, edit } = store.getState();
  const sizeOf = (id: string) => {
    const { width = 240, height = 120 } = flow.getInternalNode(id)?.measured ?? {};
    return { width, height };
  };
  const isPart = withMembers(shown, selection).length > 1;
  glide();
  edit((document) => tidy(document, isPart ? selection : itemsOf(document), sizeOf));
  if (!isPart) setTimeout(() => fitAll({ flow }), 50);
}

/** Draws a frame around what is chosen. */
export function frameChosen({ store, flow, view }: CommandContext): void {
  const { selection, edit, select } = store.getState();
  const rects = rectsOf(flow, selection);
  if (!rects.length) return;
  let made = "";
  edit((graph) => {
    const framed = addFrame(graph, selection, { title: "Frame", ...frameAround(rects) });
    made = framed.id;
    return framed.document;
  });
  select([`frame:${made}`]);
  view.getState().announce("Put into a frame.");
}

export function align({ store, flow }: CommandContext, alignment: Alignment): void {
  const { edit } = store.getState();
  glide();
  edit((document) => placeItems(document, aligned(boxesOfChosen(store, flow), alignment)));
}

export function distribute({ store, flow }: CommandContext, axis: "x" | "y"): void {
  const { edit } = store.getState();
  glide();
  edit((document) => placeItems(document, distributed(boxesOfChosen(store, flow), axis)));
}

/** A chosen frame is one box, with all that lies in it. */
function boxesOfChosen(store: CommandContext["store"], flow: CommandContext["flow"]): Boxes {
  const { shown, selection } = store.getState();
  const known = outermost(shown, selection).filter((id) => flow.getInternalNode(id));
  const rects = rectsOf(flow, known);
  return Object.fromEntries(known.flatMap((id, i) => (rects[i] ? [[id, rects[i]] as const] : [])));
}

/** Nodes go to their new places within a fifth of a second, and wires appear there. */
function glide(): void {
  const canvas = document.querySelector(".react-flow");
  if (!canvas || !duration()) return;
  canvas.classList.add("arranging");
  setTimeout(() => canvas.classList.remove("arranging"), duration());
}

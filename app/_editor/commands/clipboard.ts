/**
 * Copying and pasting by the browser's own events, as text: they ask for no permission, work over plain http, and
 * between windows. In text fields they concern the text alone.
 */
import { toast } from "../../_ui/toast";
import type { GraphDocument } from "#nodes/graph/document";
import { type Part, removeNodes } from "#nodes/graph/edits";
import { type Incoming, incomingWires } from "#nodes/graph/incoming";
import { type Copied, isLikeGraph, isLikePart, partText } from "#nodes/graph/part-text";
import { openText } from "../../_open/opening";
import { addPart, partSeen } from "../parts";
import { gridStep } from "../snapping";
import { type CommandContext, itemsText } from "./command";
import { placeInGraph } from "./view";

interface Point {
  x: number;
  y: number;
}

/** True while a menu asks the browser for its event, whatever has the focus. */
let isAskedFor = false;

/** Copies as Mod+C does. */
export function copyChosen(): void {
  ask("copy");
}

export function cutChosen(): void {
  ask("cut");
}

function ask(event: "copy" | "cut"): void {
  isAskedFor = true;
  // The only way to the clipboard over plain http.
  document.execCommand(event);
  isAskedFor = false;
}

/** Pastes from a menu. Only the browser may paste by itself: it is asked, and keys are named where it refuses. */
export async function pasteCopied(context: CommandContext, isWired: boolean): Promise<void> {
  const text = await navigator.clipboard?.readText().catch(() => undefined);
  if (text === undefined) toast(`This browser pastes by keys alone: press ${isWired ? "Ctrl+Shift+V" : "Ctrl+V"}.`);
  else pasteText(context, text, isWired);
}

/** Listens to copy, cut and paste; gives a function that ends that. */
export function listenToClipboard(context: CommandContext): () => void {
  let isShiftDown = false;
  const { store } = context;
  function copy(event: ClipboardEvent): void {
    const { selection, shown, frozen } = store.getState();
    if (!concernsGraph(event) || !selection.length || (event.type === "cut" && frozen)) return;
    const part = partSeen(store.getState(), selection);
    event.clipboardData?.setData("text/plain", partText({ ...part, incoming: incomingWires(shown, selection) }));
    event.preventDefault();
    context.view.getState().announce(`Copied: ${itemsText(selection)}.`);
    if (event.type === "cut") store.getState().edit((document) => removeNodes(document, selection));
  }
  function pasteHere(event: ClipboardEvent): void {
    if (!concernsGraph(event) || store.getState().frozen) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (pasteText(context, text, isShiftDown)) event.preventDefault();
  }
  function press(event: KeyboardEvent): void {
    isShiftDown = event.shiftKey;
  }
  document.addEventListener("copy", copy);
  document.addEventListener("cut", copy);
  document.addEventListener("paste", pasteHere);
  window.addEventListener("keydown", press, true);
  return () => {
    document.removeEventListener("copy", copy);
    document.removeEventListener("cut", copy);
    document.removeEventListener("paste", pasteHere);
    window.removeEventListener("keydown", press, true);
  };
}

/** Text that is marked, and fields, are the browser's. */
function concernsGraph(event: ClipboardEvent): boolean {
  if (isAskedFor) return true;
  const target = event.target instanceof Element ? event.target : undefined;
  if (target?.closest("input, textarea, select, [contenteditable=true], [role=dialog], [role=alertdialog]"))
    return false;
  return event.type === "paste" || (window.getSelection()?.isCollapsed ?? true);
}

/** Puts copied nodes, or all of an exported graph, under the pointer; false if the text can be no such. */
function pasteText(context: CommandContext, text: string, isWired: boolean): boolean {
  if (!isLikePart(text) && !isLikeGraph(text)) return false;
  void putText(context, text, isWired);
  return true;
}

/** What reads graphs is loaded when the first one is pasted. */
async function putText(context: CommandContext, text: string, isWired: boolean): Promise<void> {
  const { parsePart, parseText } = await import("#nodes/graph/parse");
  const copied = parsePart(text);
  if (copied.problems?.length) {
    toast.error("What was copied is no part of a graph.", { description: copied.problems[0]?.message });
    return;
  }
  const part: Copied | undefined = copied.part ?? parseText(text).document;
  const { shown } = context.store.getState();
  if (part) putIn(context, part, offsetTo(placeInGraph(context), part, shown), isWired ? part.incoming : []);
  else await openText(text); // says what it is
}

/** Adds a part and chooses it, as one step of the history. */
export function putIn(
  { store, view }: CommandContext,
  part: Part,
  offset: Point,
  incoming: readonly Incoming[] = [],
): void {
  const ids = addPart(store, part, offset, incoming);
  view.getState().announce(`Added: ${itemsText(ids)}.`);
}

/** How far a part is moved for its upper left corner to lie at a place, or beside it where something lies already. */
export function offsetTo(place: Point, { nodes }: Part, document: Pick<GraphDocument, "nodes">): Point {
  const positions = Object.values(nodes).map(({ position }) => position);
  const corner = { x: Math.min(...positions.map(({ x }) => x)), y: Math.min(...positions.map(({ y }) => y)) };
  const taken = new Set(Object.values(document.nodes).map(({ position: { x, y } }) => `${x} ${y}`));
  const offset = { x: onGrid(place.x - corner.x), y: onGrid(place.y - corner.y) };
  const isTaken = () =>
    positions.some(({ x, y }) => taken.has(`${Math.round(x + offset.x)} ${Math.round(y + offset.y)}`));
  while (isTaken()) {
    offset.x += 3 * gridStep;
    offset.y += 3 * gridStep;
  }
  return offset;
}

const onGrid = (length: number): number => Math.round(length / gridStep) * gridStep;

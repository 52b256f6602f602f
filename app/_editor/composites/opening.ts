/** Going into instances and out of them again. */
import { compositeOf, separator } from "#nodes/graph/composites";
import type { EditorStore } from "../store";

/** Shows the inside of an instance that is seen; nothing happens where the node is none. */
export function openInside(store: EditorStore, id: string): boolean {
  const { path, shown, open } = store.getState();
  if (!compositeOf(shown, shown.nodes[id])) return false;
  open([...path, id]);
  return true;
}

/** Leaves the inside of an instance for the graph that it lies in, where it is chosen then. */
export function leave(store: EditorStore): void {
  const { path, open } = store.getState();
  if (path.length) open(path.slice(0, -1), path.slice(-1));
}

/** Shows a node by the way to it, "tower/encoder", and chooses it. */
export function reveal(store: EditorStore, way: string): void {
  const steps = way.split(separator);
  store.getState().open(steps.slice(0, -1), steps.slice(-1));
}

/** Going into instances and out of them again. */
import { compositeIdOf, compositeOf, separator } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
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

/** A way to the inside of a composite from the document; the document itself without one. */
export function pathToComposite(document: GraphDocument, composite: string | undefined): string[] | undefined {
  if (composite === undefined) return [];
  const waiting: { path: string[]; nodes: GraphDocument["nodes"] }[] = [{ path: [], nodes: document.nodes }];
  const seen = new Set<string>();
  for (let level = waiting.shift(); level; level = waiting.shift()) {
    for (const [id, node] of Object.entries(level.nodes)) {
      const inner = compositeIdOf(node.type);
      if (inner === undefined || seen.has(inner)) continue;
      seen.add(inner);
      const path = [...level.path, id];
      if (inner === composite) return path;
      waiting.push({ path, nodes: document.composites?.[inner]?.nodes ?? {} });
    }
  }
  return undefined;
}

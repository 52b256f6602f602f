"use client";

import { CompositeInspector } from "./composites/composite-inspector";
import { useEditor } from "./context";
import { GraphInspector } from "./graph-inspector";
import { NodeInspector } from "./node-inspector";

/**
 * What is known of the chosen node; of the whole graph while none, or several, are chosen, and of a composite while its
 * inside is seen.
 */
export function Inspector() {
  const selection = useEditor((state) => state.selection);
  const id = selection[0] ?? "";
  const node = useEditor((state) => (selection.length === 1 ? state.shown.nodes[id] : undefined));
  const composite = useEditor((state) => state.composite);
  if (node) return <NodeInspector key={id} id={id} node={node} />;
  return composite === undefined || selection.length ? <GraphInspector /> : <CompositeInspector id={composite} />;
}

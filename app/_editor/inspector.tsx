"use client";

import { useEditor } from "./context";
import { GraphInspector } from "./graph-inspector";
import { NodeInspector } from "./node-inspector";

/** What is known of the chosen node; of the whole graph while none, or several, are chosen. */
export function Inspector() {
  const selection = useEditor((state) => state.selection);
  const id = selection[0] ?? "";
  const node = useEditor((state) => (selection.length === 1 ? state.history.present.nodes[id] : undefined));
  return node ? <NodeInspector key={id} id={id} node={node} /> : <GraphInspector />;
}

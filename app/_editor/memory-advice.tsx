"use client";

import { within } from "#nodes/graph/composite-edits";
import { compositeIdOf, insideOf, separator } from "#nodes/graph/composites";
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import { setParam } from "#nodes/graph/edits";
import type { PublicError } from "#nodes/graph/events";
import { Button } from "../_ui/button";
import { useEditor, useEditorStore } from "./context";
import { memoryChanges } from "./memory-changes";

/** Where the memory was not enough: the cheapest changes that ask for less, each with a button. */
export function MemoryAdvice({ error }: { error: PublicError }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const resolved = useEditor((state) => state.checked.graph.nodes);
  if (error.lack !== "memory" || frozen) return null;
  const changes = memoryChanges(resolved, error.node);
  if (!changes.length) return null;
  return (
    <div className="mt-1.5 flex flex-wrap items-center gap-2" data-memory-advice>
      <span>To take less memory:</span>
      {changes.map((change) => (
        <Button
          key={change.label}
          size="s"
          title={change.cost}
          onClick={() => store.getState().editWhole((document) => withParams(document, change.node, change.params))}
        >
          {change.label}
        </Button>
      ))}
    </div>
  );
}

/** Sets parameters of a node, also of one that lies in composites, such as "tower/trainer". */
function withParams(document: GraphDocument, path: string, params: GraphNode["params"]): GraphDocument {
  const ids = path.split(separator);
  let composite: string | undefined;
  for (const instance of ids.slice(0, -1)) {
    const graph = composite === undefined ? document : insideOf(document, composite);
    composite = compositeIdOf(graph?.nodes[instance]?.type ?? "");
  }
  return within(document, composite, (graph) =>
    Object.entries(params).reduce((now, [name, value]) => setParam(now, ids.at(-1) ?? path, name, value), graph),
  );
}

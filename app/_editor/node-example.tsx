"use client";

import { useQuery } from "@tanstack/react-query";
import { useReactFlow } from "@xyflow/react";
import { Plus } from "lucide-react";
import type { Part } from "#nodes/graph/edits";
import { paste } from "#nodes/graph/edits";
import { useTRPC } from "../_trpc/client";
import { countOf } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { showNode } from "./commands/view";
import { useEditor, useEditorStore } from "./context";

/** How far below the chosen node an example is put. */
const below = 320;

/** How a node type is used in a template, to be put into the graph below the node that is chosen. */
export function NodeExample({ type, beside }: { type: string; beside: string }) {
  const trpc = useTRPC();
  const store = useEditorStore();
  const flow = useReactFlow();
  const frozen = useEditor((state) => state.frozen);
  const { data } = useQuery({ ...trpc.nodes.example.queryOptions({ type }), staleTime: Number.POSITIVE_INFINITY });
  if (!data || frozen) return null;
  function insert(part: Part): void {
    let ids: string[] = [];
    store.getState().edit((graph) => {
      const pasted = paste(graph, part, offsetTo(part, graph.nodes[beside]?.position ?? { x: 0, y: 0 }));
      ids = pasted.ids;
      return pasted.document;
    });
    store.getState().select(ids);
    const [first] = ids;
    // React Flow has to hear of the nodes first.
    if (first !== undefined) setTimeout(() => showNode(flow, first), 60);
  }
  return (
    <div className="mt-2 flex items-center gap-2" data-example>
      <p className="min-w-0 flex-1 text-xs text-ink-3">
        As in “{data.name}”: {countOf(Object.keys(data.part.nodes).length, "node")}.
      </p>
      <Button size="s" onClick={() => insert(data.part)}>
        <Plus className="size-3.5" aria-hidden />
        Insert the example
      </Button>
    </div>
  );
}

function offsetTo({ nodes }: Part, place: { x: number; y: number }): { x: number; y: number } {
  const places = Object.values(nodes).map(({ position }) => position);
  return {
    x: place.x - Math.min(...places.map(({ x }) => x)),
    y: place.y + below - Math.min(...places.map(({ y }) => y)),
  };
}

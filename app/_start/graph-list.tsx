"use client";

import { Copy, Trash2 } from "lucide-react";
import Link from "next/link";
import type { Outputs } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { IconButton } from "../_ui/button";
import { StatusMark } from "../_ui/status";

export type ListedGraph = Outputs["graphs"]["list"][number];

/** The graphs that are there, with what can be done to each. */
export function GraphList({
  graphs,
  onCopy,
  onRemove,
}: {
  graphs: readonly ListedGraph[];
  onCopy(id: string): void;
  onRemove(id: string): void;
}) {
  if (!graphs.length)
    return <p className="text-ink-2">None yet. Open a template above, or start with an empty graph.</p>;
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      {graphs.map((graph) => (
        <GraphRow key={graph.id} graph={graph} onCopy={() => onCopy(graph.id)} onRemove={() => onRemove(graph.id)} />
      ))}
    </div>
  );
}

function GraphRow({ graph, onCopy, onRemove }: { graph: ListedGraph; onCopy(): void; onRemove(): void }) {
  const { id, name, nodes, updatedAt, publishedAt, lastRun } = graph;
  return (
    <div className="flex items-center gap-3 border-b border-line px-4 py-2.5 last:border-0 hover:bg-sunken">
      <Link href={`/graphs/${id}`} className="min-w-0 flex-1">
        <span className="block truncate font-medium">{name}</span>
        <span className="text-xs text-ink-3">
          {nodes} nodes · changed <Ago date={updatedAt} />
          {publishedAt ? " · published as a template" : ""}
        </span>
      </Link>
      <StatusMark status={lastRun?.status} />
      <IconButton label={`Copy ${name}`} onClick={onCopy}>
        <Copy className="size-4" aria-hidden />
      </IconButton>
      <IconButton label={`Delete ${name}`} onClick={onRemove}>
        <Trash2 className="size-4" aria-hidden />
      </IconButton>
    </div>
  );
}

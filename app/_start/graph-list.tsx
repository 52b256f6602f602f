"use client";

import { Copy, Trash2, TriangleAlert } from "lucide-react";
import Link from "next/link";
import type { Outputs } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { countOf } from "../_ui/amounts";
import { Button, IconButton } from "../_ui/button";
import { StatusMark } from "../_ui/status";

/** `broken` says why a graph cannot be read: it is listed all the same, to be deleted. */
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
      {graphs.map((graph) => {
        const remove = () => onRemove(graph.id);
        return graph.broken === undefined ? (
          <GraphRow key={graph.id} graph={graph} onCopy={() => onCopy(graph.id)} onRemove={remove} />
        ) : (
          <BrokenRow key={graph.id} graph={graph} onRemove={remove} />
        );
      })}
    </div>
  );
}

const brokenLook = "inline-flex items-center gap-1 rounded-full bg-bad-soft px-2 py-0.5 text-xs font-medium text-bad";
const rowLook = "flex items-center gap-3 border-b border-line px-4 py-2.5 last:border-0";

function BrokenRow({ graph: { name, broken }, onRemove }: { graph: ListedGraph; onRemove(): void }) {
  return (
    <div className={rowLook} data-broken>
      <div className="min-w-0 flex-1">
        <span className="block truncate font-medium text-ink-2">{name || "Untitled"}</span>
        <span className="block text-xs wrap-anywhere text-bad">This graph cannot be read: {broken}</span>
      </div>
      <span className={brokenLook}>
        <TriangleAlert className="size-3.5" aria-hidden />
        Broken
      </span>
      <Button size="s" look="danger" aria-label={`Delete ${name}`} onClick={onRemove}>
        <Trash2 className="size-3.5" aria-hidden />
        Delete
      </Button>
    </div>
  );
}

function GraphRow({ graph, onCopy, onRemove }: { graph: ListedGraph; onCopy(): void; onRemove(): void }) {
  const { id, name, nodes, updatedAt, isPublished, lastRun } = graph;
  return (
    <div className={`${rowLook} hover:bg-sunken`}>
      <Link href={`/graphs/${id}`} className="min-w-0 flex-1">
        <span className="block truncate font-medium">{name}</span>
        <span className="text-xs text-ink-3">
          {countOf(nodes, "node")} · changed <Ago date={updatedAt} />
          {isPublished ? " · published as a template" : ""}
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

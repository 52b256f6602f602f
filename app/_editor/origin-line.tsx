"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowUpCircle } from "lucide-react";
import Link from "next/link";
import { useTRPC } from "../_trpc/client";
import { useEditor } from "./context";

/** In the inspector of the graph: where it came from, and whether its template has become something newer. */
export function OriginLine() {
  const trpc = useTRPC();
  const graphId = useEditor(({ frozen, graphId: id }) => (frozen ? undefined : id));
  const { data } = useQuery({
    ...trpc.templates.origin.queryOptions({ graphId: graphId ?? "" }, { enabled: graphId !== undefined }),
    staleTime: 60_000,
  });
  if (!data?.template && !data?.graph) return null;
  const { template, graph, fromRegistry } = data;
  const update = fromRegistry?.number ?? template?.update;
  return (
    <div className="flex flex-col gap-1 text-xs text-ink-3" data-origin>
      {template && (
        <p className="wrap-anywhere">
          From{" "}
          {template.id === undefined ? (
            template.title
          ) : (
            <Link href={`/templates/${template.id}`} className="text-accent hover:underline">
              {template.title}
            </Link>
          )}
          {template.number !== undefined && `, version ${template.number}`}
        </p>
      )}
      {graph && (
        <p className="wrap-anywhere">
          A copy of{" "}
          <Link href={`/graphs/${graph.id}`} className="text-accent hover:underline">
            {graph.name || "Untitled"}
          </Link>
          {graph.number !== null && `, version ${graph.number}`}
        </p>
      )}
      {update && (
        <Link
          href={`/graphs/${graphId}/update`}
          className="flex items-center gap-1.5 rounded-md bg-accent-soft px-2 py-1.5 text-ink hover:underline"
          data-update-available
        >
          <ArrowUpCircle className="size-3.5 shrink-0 text-accent" aria-hidden />
          Update available: version {update}
          {fromRegistry && `, in ${fromRegistry.registry.title}`}
        </Link>
      )}
    </div>
  );
}

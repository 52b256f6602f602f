"use client";

import { useQuery } from "@tanstack/react-query";
import { lazy, memo, Suspense, useMemo, useState } from "react";
import { type Change, changesBetween } from "#nodes/graph/changes";
import type { GraphDocument } from "#nodes/graph/document";
import { useTRPC } from "../../_trpc/client";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { type Comparison, nameOf } from "./compare-table";

const DiffView = lazy(async () => ({ default: (await import("../../_ui/diff/diff-view")).DiffView }));

interface GraphsProps {
  runs: Comparison["runs"];
  baseline: string;
}

/** In what the graph of a run differs from that of the baseline: nodes and wires too, and on one canvas. */
export const GraphsSideBySide = memo(function GraphsSideBySide({ runs, baseline }: GraphsProps) {
  const others = runs.filter(({ id }) => id !== baseline);
  const [chosen, setChosen] = useState<string>();
  const [isOpen, setIsOpen] = useState(false);
  const other = others.find(({ id }) => id === chosen) ?? others[0];
  const base = runs.find(({ id }) => id === baseline);
  const [before, after] = [useSnapshot(base?.id), useSnapshot(other?.id)];
  const changes = useMemo(() => (before && after ? changesBetween(before, after) : undefined), [before, after]);
  if (!base || !other) return null;
  return (
    <section className="mt-6" data-graphs>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <h2 className="font-semibold">Graphs</h2>
        <select
          aria-label="Compared with the baseline"
          className="field !w-auto"
          value={other.id}
          onChange={({ target }) => setChosen(target.value)}
        >
          {others.map((run) => (
            <option key={run.id} value={run.id}>
              {nameOf(run)}
            </option>
          ))}
        </select>
        <span className="text-ink-2" data-graph-changes>
          {changes && summary(changes)}
        </span>
        {changes !== undefined && changes.length > 0 && (
          <Button size="s" className="ml-auto" onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? "Hide the canvas" : "Show on one canvas"}
          </Button>
        )}
      </div>
      {isOpen && before && after && (
        <div className="flex h-[520px] overflow-hidden rounded-lg border border-line">
          <Suspense>
            <DiffView before={before} after={after} names={{ before: nameOf(base), after: nameOf(other) }} />
          </Suspense>
        </div>
      )}
    </section>
  );
});

/** What a run ran. It never changes. */
function useSnapshot(id: string | undefined): GraphDocument | undefined {
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.runs.get.queryOptions({ id: id ?? "" }),
    enabled: id !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data?.document;
}

/** "1 node added, 2 changed, 3 wires differ." */
function summary(changes: readonly Change[]): string {
  if (!changes.length) return "The same graph.";
  const nodes = new Map<string, Change["kind"]>();
  let wires = 0;
  let others = 0;
  for (const { path, kind } of changes) {
    const isInside = path[0] === "composites" && path.length > 2;
    const [table, id] = isInside ? path.slice(2) : path;
    if (table === "wires") wires++;
    else if (table !== "nodes" || id === undefined) others++;
    else nodes.set(path.slice(0, isInside ? 4 : 2).join("."), path.length === (isInside ? 4 : 2) ? kind : "changed");
  }
  const kinds = [...nodes.values()];
  const parts = (["added", "removed", "changed"] as const).flatMap((kind) => {
    const count = kinds.filter((each) => each === kind).length;
    return count ? [`${countOf(count, "node")} ${kind}`] : [];
  });
  if (wires) parts.push(`${countOf(wires, "wire")} ${wires === 1 ? "differs" : "differ"}`);
  if (others) parts.push(`${countOf(others, "other thing")} ${others === 1 ? "differs" : "differ"}`);
  return `${parts.join(", ")}.`;
}

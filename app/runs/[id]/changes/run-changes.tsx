"use client";

import Link from "next/link";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { DiffPage } from "../../../_ui/diff/diff-page";
import { DiffView } from "../../../_ui/diff/diff-view";

/** The snapshot of a run and today's graph, given as JSON, on one canvas. */
export function RunChanges({ run, graph, texts }: { run: string; graph: string; texts: readonly string[] }) {
  const [before, after] = useMemo(() => texts.map((text) => JSON.parse(text) as GraphDocument), [texts]);
  if (!before || !after) return null;
  const today = (
    <Link href={`/graphs/${graph}`} className="text-accent hover:underline">
      Today's graph
    </Link>
  );
  return (
    <DiffPage from={{ href: `/runs/${run}`, name: before.name }} title="Since this run" more={today}>
      <main className="flex min-h-0 flex-1">
        <DiffView before={before} after={after} names={{ before: "that run", after: "today" }} />
      </main>
    </DiffPage>
  );
}

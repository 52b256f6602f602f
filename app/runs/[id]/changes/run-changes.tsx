"use client";

import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { DiffView } from "../../../_ui/diff/diff-view";
import { Logo, ThemeSwitch } from "../../../_ui/shell";

/** The snapshot of a run and today's graph, given as JSON, on one canvas. */
export function RunChanges({ run, graph, texts }: { run: string; graph: string; texts: readonly string[] }) {
  const [before, after] = useMemo(() => texts.map((text) => JSON.parse(text) as GraphDocument), [texts]);
  if (!before || !after) return null;
  return (
    <div className="flex h-screen flex-col overflow-hidden">
      <header className="flex h-13 shrink-0 items-center gap-3 border-b border-line bg-surface px-3">
        <Logo />
        <span className="h-5 w-px bg-line" />
        <Link href={`/runs/${run}`} className="flex items-center gap-1.5 font-semibold hover:text-accent">
          <ArrowLeft className="size-4" aria-hidden />
          {before.name || "Untitled"}
        </Link>
        <h1 className="text-ink-2">Since this run</h1>
        <Link href={`/graphs/${graph}`} className="ml-auto text-accent hover:underline">
          Today's graph
        </Link>
        <ThemeSwitch />
      </header>
      <main className="flex min-h-0 flex-1">
        <DiffView before={before} after={after} names={{ before: "that run", after: "today" }} />
      </main>
    </div>
  );
}

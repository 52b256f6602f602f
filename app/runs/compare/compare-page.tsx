"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useMemo, useState } from "react";
import { hasEnded } from "../../_editor/run-state";
import { problemOf, useTRPC } from "../../_trpc/client";
import { Complaint } from "../../_ui/page";
import { RunCurves } from "../../_ui/run-curves";
import { ShareRuns } from "../../_share/share-runs";
import { Shell } from "../../_ui/shell";
import { useCurves } from "../../_ui/curves/use-curves";
import { GraphsSideBySide } from "./graphs";
import { OutputsSideBySide } from "./outputs";
import { CompareTable, type Comparison, hueOf, nameOf } from "./compare-table";

/** Some runs side by side: where their graphs differ, the numbers they gave, and their curves over each other. */
export function ComparePage({ ids }: { ids: string[] }) {
  const trpc = useTRPC();
  const { data, error } = useQuery({
    ...trpc.runs.compare.queryOptions({ ids }),
    enabled: ids.length > 0,
    refetchInterval: ({ state }) => (state.data?.runs.every((run) => hasEnded(run.status)) ? false : 2000),
  });
  const isEmpty = !ids.length || data?.runs.length === 0;
  return (
    <Shell here="runs">
      <div className="mb-4 flex items-center justify-between gap-3">
        <h1 className="text-xl font-semibold tracking-tight">Compare runs</h1>
        {ids.length > 0 && <ShareRuns runs={ids} />}
      </div>
      {error && <Complaint>{problemOf(error).message}</Complaint>}
      {isEmpty && <NothingChosen />}
      {data && !isEmpty && <Comparing comparison={data} />}
    </Shell>
  );
}

function NothingChosen() {
  return (
    <p className="text-ink-2">
      There is nothing to compare. Choose runs in the{" "}
      <Link href="/runs" className="text-accent hover:underline">
        list
      </Link>{" "}
      first.
    </p>
  );
}

function Comparing({ comparison }: { comparison: Comparison }) {
  const [lit, setLit] = useState<string>();
  const { runs } = comparison;
  const [baseline, setBaseline] = useState(runs[0]?.id ?? "");
  const shown = useMemo(
    () =>
      runs.map((run, i) => ({
        id: run.id,
        label: nameOf(run),
        colour: hueOf(i),
        going: !hasEnded(run.status),
      })),
    [runs],
  );
  const curves = useCurves(shown);
  return (
    <>
      <CompareTable {...{ comparison, curves, baseline, lit }} onBaseline={setBaseline} onLit={setLit} />
      <RunCurves runs={shown} lit={lit} onLit={setLit} />
      <OutputsSideBySide runs={runs} />
      <GraphsSideBySide runs={runs} baseline={baseline} />
    </>
  );
}

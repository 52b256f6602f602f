"use client";

import { useQuery } from "@tanstack/react-query";
import { hasEnded } from "../../_editor/run-state";
import { problemOf, useTRPC } from "../../_trpc/client";
import { CompareButton } from "../../_ui/compare-button";
import { DataTable } from "../../_ui/data-table";
import { Complaint } from "../../_ui/page";
import { RunCurves } from "../../_ui/run-curves";
import { Shell } from "../../_ui/shell";
import type { Sweep } from "../labels";
import { RunsBar } from "../runs-bar";
import { BestRun } from "./best-run";
import { ParallelCard } from "./parallel-card";
import { SweepHeader } from "./sweep-header";
import { drawnCurves, type SweepReport, useSweepReport } from "./use-sweep-report";

/** A sweep while it goes on and after: what was best, which parameters lead there, all curves, all runs. */
export function SweepPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data: sweep, error } = useQuery({
    ...trpc.sweeps.get.queryOptions({ id }),
    refetchInterval: ({ state }) => (hasEnded(state.data?.status) ? false : 2000),
  });
  return (
    <Shell here="sweeps">
      {error && <Complaint>{problemOf(error).message}</Complaint>}
      {!error && sweep?.broken && <Complaint>This sweep cannot be read: {sweep.broken}</Complaint>}
      {!error && sweep && !sweep.broken && <Report sweep={sweep} />}
    </Shell>
  );
}

function Report({ sweep }: { sweep: Sweep }) {
  const report = useSweepReport(sweep);
  const { measured, best } = report;
  return (
    <>
      <SweepHeader sweep={sweep} />
      <div className="mt-4">
        <RunsBar runs={sweep.runs} />
      </div>
      {best && <BestRun sweep={sweep} best={best} />}
      {measured.length > 0 && <ParallelCard report={report} />}
      <Curves report={report} />
      <Runs report={report} />
    </>
  );
}

function Curves({ report: { sweep, measured, kept, brushed, curves, lit, setLit } }: { report: SweepReport }) {
  const { node, line } = sweep.spec.metric;
  const note = () => {
    if (kept.length > drawnCurves) return `The best ${drawnCurves} of ${kept.length} runs`;
    return brushed && `${kept.length} of ${measured.length} runs`;
  };
  return <RunCurves runs={curves} first={line ? `${node} · ${line}` : node} note={note()} lit={lit} onLit={setLit} />;
}

function Runs({ report }: { report: SweepReport }) {
  const { sweep, shown, brushed, chosen } = report;
  return (
    <>
      <div className="mt-6 mb-3 flex h-8 items-center gap-3">
        <h2 className="font-semibold">Runs</h2>
        {brushed && (
          <span className="text-xs text-ink-3">
            {shown.length} of {sweep.trials.length}
          </span>
        )}
        <div className="ml-auto">
          <CompareButton ids={chosen} />
        </div>
      </div>
      <DataTable
        rows={shown}
        columns={report.columns}
        sorted={{ id: "metric", desc: sweep.spec.metric.goal === "max" }}
        empty="This sweep has no runs."
        chosen={{ ids: chosen, set: report.setChosen }}
        lit={{ id: report.lit, set: report.setLit }}
        best={report.best?.id}
      />
    </>
  );
}

"use client";

import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useCallback } from "react";
import { shortNumber } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { Card } from "../../_ui/card";
import { gradient } from "../../_ui/colour";
import { axisKey, paramLabel, valueLabel } from "../labels";
import type { SweepReport } from "./use-sweep-report";

const Parallel = dynamic(() => import("./parallel"), { ssr: false, loading: () => <div className="h-80" /> });

/** Which parameters lead to which metric; what the pointer is at, or what was dragged, in words beside the title. */
export function ParallelCard({ report }: { report: SweepReport }) {
  const router = useRouter();
  const open = useCallback((id: string) => router.push(`/runs/${id}`), [router]);
  return (
    <Card title="Parameters and metric" note={noteOf(report)} actions={<Legend report={report} />}>
      <Parallel
        sweep={report.sweep}
        trials={report.measured}
        colours={report.colours}
        best={report.best?.id}
        lit={report.lit}
        onLit={report.setLit}
        onOpen={open}
        brushed={report.brushed}
        onBrush={report.setBrushed}
      />
    </Card>
  );
}

function noteOf({ sweep, lit, brushed, kept, measured }: SweepReport): string {
  const trial = sweep.trials.find(({ id }) => id === lit);
  if (trial && trial.metric !== null) {
    const values = sweep.spec.axes.map(
      (axis) => `${paramLabel(sweep, axis)} ${valueLabel(trial.assignment[axisKey(axis)])}`,
    );
    return `Run ${trial.number}: ${values.join(" · ")} → ${shortNumber(trial.metric)}`;
  }
  return brushed ? `${kept.length} of ${measured.length} runs` : "Drag along an axis to keep the runs that pass there.";
}

function Legend({ report: { brushed, setBrushed } }: { report: SweepReport }) {
  return (
    <>
      {brushed && (
        <Button size="s" look="quiet" onClick={() => setBrushed(undefined)}>
          Show all
        </Button>
      )}
      <span className="flex items-center gap-2 text-xs text-ink-3">
        worse
        <span className="h-2 w-24 rounded-full" style={{ background: gradient }} />
        better
      </span>
    </>
  );
}

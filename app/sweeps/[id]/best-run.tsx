import { Trophy } from "lucide-react";
import Link from "next/link";
import { hasEnded } from "../../_editor/run-state";
import { shortNumber } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import { axisKey, metricLabel, paramLabel, type Sweep, type Trial, valueLabel } from "../labels";

/** The run that did best, with the values that it was given. */
export function BestRun({ sweep, best }: { sweep: Sweep; best: Trial }) {
  return (
    <Link
      href={`/runs/${best.id}`}
      data-best-run
      className={cx(
        "mt-4 flex flex-wrap items-baseline gap-x-6 gap-y-2 rounded-xl border border-accent bg-accent-soft",
        "px-4 py-3",
      )}
    >
      <span className="flex items-baseline gap-2 font-semibold text-accent">
        <Trophy className="size-4 self-center" aria-hidden />
        {hasEnded(sweep.status) ? "Best" : "Best so far"}: run {best.number}
      </span>
      <span>
        <b className="text-base font-semibold tabular-nums">{shortNumber(best.metric ?? 0)}</b>{" "}
        <span className="text-ink-2">{metricLabel(sweep)}</span>
      </span>
      {sweep.spec.axes.map((axis) => (
        <span key={axisKey(axis)} className="text-ink-2">
          {paramLabel(sweep, axis)}{" "}
          <b className="font-semibold text-ink tabular-nums">{valueLabel(best.assignment[axisKey(axis)])}</b>
        </span>
      ))}
    </Link>
  );
}

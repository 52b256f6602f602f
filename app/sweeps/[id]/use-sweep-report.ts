"use client";

import { useMemo, useState } from "react";
import { ranked } from "../../_ui/colour";
import type { Sweep } from "../labels";
import { trialColumns } from "./trial-columns";

/** More curves than these hide each other. */
export const drawnCurves = 60;

/**
 * What the parts of a sweep's page share: its runs that have a metric, best first, and what the pointer chose of them.
 * `lit` is the run under the pointer; `brushed` those inside of the ranges that were dragged, nothing while there are
 * none; `kept` and `shown` what these leave of the measured and of all runs; `chosen` what is ticked to be compared.
 */
export function useSweepReport(sweep: Sweep) {
  const { trials, spec } = sweep;
  const { goal } = spec.metric;
  const [lit, setLit] = useState<string>();
  const [brushed, setBrushed] = useState<Set<string>>();
  const [chosen, setChosen] = useState<Set<string>>(new Set());

  const measured = useMemo(() => {
    const sign = goal === "min" ? 1 : -1;
    return trials.filter((trial) => trial.metric !== null).sort((a, b) => sign * (Number(a.metric) - Number(b.metric)));
  }, [trials, goal]);
  const best = measured.find((trial) => !trial.provisional);
  const kept = useMemo(() => measured.filter((trial) => brushed?.has(trial.id) ?? true), [measured, brushed]);
  const shown = useMemo(() => trials.filter((trial) => brushed?.has(trial.id) ?? true), [trials, brushed]);
  const colours = useMemo(
    () => ranked(new Map(measured.map((trial) => [trial.id, trial.metric ?? 0])), goal),
    [measured, goal],
  );
  const columns = useMemo(() => trialColumns(sweep, colours), [sweep, colours]);
  const curves = useMemo(() => {
    const begun = brushed ? [] : trials.filter((trial) => trial.status === "running" && trial.metric === null);
    return [...kept.slice(0, drawnCurves), ...begun].map((trial) => ({
      id: trial.id,
      label: `Run ${trial.number}`,
      colour: colours.get(trial.id) ?? "--ink-3",
      strong: trial.id === best?.id,
      going: trial.status === "running",
    }));
  }, [kept, brushed, trials, colours, best]);

  return {
    ...{ sweep, measured, best, kept, shown, colours, columns, curves },
    ...{ lit, setLit, brushed, setBrushed, chosen, setChosen },
  };
}
export type SweepReport = ReturnType<typeof useSweepReport>;

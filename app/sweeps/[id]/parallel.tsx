"use client";

import { ParallelChart } from "echarts/charts";
import { ParallelComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useThemeTurns } from "../../_ui/theme";
import { parallelOption } from "./parallel-option";
import type { Sweep, Trial } from "../labels";

use([ParallelChart, ParallelComponent, CanvasRenderer]);

export interface ParallelProps {
  sweep: Sweep;
  /** Those with a metric. */
  trials: readonly Trial[];
  colours: ReadonlyMap<string, string>;
  best: string | undefined;
  lit: string | undefined;
  onLit(id: string | undefined): void;
  onOpen(id: string): void;
  /**
   * The runs inside of every brushed range. Nothing when nothing is brushed, and giving that takes the brushes away.
   */
  brushed: ReadonlySet<string> | undefined;
  onBrush(ids: Set<string> | undefined): void;
}

/**
 * One axis for each parameter and one for the metric, best on top; one line for each run. Dragging along an axis keeps
 * the lines that pass there.
 */
export default function Parallel(props: ParallelProps) {
  const { sweep, trials, colours, best, lit, brushed } = props;
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const chart = useChart(host, latest);
  const theme = useThemeTurns();
  const axes = sweep.spec.axes.length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the theme
  useEffect(() => {
    chart?.setOption(parallelOption({ sweep, trials, colours, best }));
    // New runs may lie inside of the brushes.
    if (chart && latest.current.brushed) latest.current.onBrush(runsInside(chart, trials));
  }, [chart, sweep.id, trials, colours, best, theme]);

  useEffect(() => {
    if (brushed) return;
    for (let i = 0; i <= axes; i++)
      chart?.dispatchAction({ type: "axisAreaSelect", parallelAxisId: `axis ${i}`, intervals: [] });
  }, [chart, axes, brushed]);

  useEffect(() => {
    chart?.dispatchAction({ type: "downplay", seriesIndex: 0 });
    const place = trials.findIndex((trial) => trial.id === lit);
    if (place >= 0) chart?.dispatchAction({ type: "highlight", seriesIndex: 0, dataIndex: place });
  }, [chart, trials, lit]);

  return (
    <div
      ref={host}
      className="h-80 w-full"
      role="img"
      aria-label="Parallel coordinates of the parameters and the metric"
    />
  );
}

/** The chart in its place, as wide as that is; what is done to it is told to the latest of the properties. */
function useChart(host: RefObject<HTMLDivElement | null>, latest: RefObject<ParallelProps>): EChartsType | undefined {
  const [chart, setChart] = useState<EChartsType>();
  useEffect(() => {
    if (!host.current) return;
    const made = init(host.current);
    const sized = new ResizeObserver(() => made.resize());
    sized.observe(host.current);
    const trialAt = (place: number) => latest.current.trials[place];
    made.on("mouseover", ({ dataIndex }) => latest.current.onLit(trialAt(dataIndex)?.id));
    made.on("mouseout", () => latest.current.onLit(undefined));
    made.on("click", ({ dataIndex }) => {
      const trial = trialAt(dataIndex);
      if (trial) latest.current.onOpen(trial.id);
    });
    made.on("axisareaselected", () => latest.current.onBrush(runsInside(made, latest.current.trials)));
    setChart(made);
    return () => {
      sized.disconnect();
      made.dispose();
    };
  }, [host, latest]);
  return chart;
}

/** The part of ECharts that tells which lines are inside of the brushes; documented, and unknown to its types. */
interface WithModel {
  getModel(): { getSeriesByIndex(index: number): { getRawIndicesByActiveState(state: string): number[] } };
}

/** The runs that every brush lets through; nothing when none is kept out. */
function runsInside(chart: EChartsType, trials: readonly Trial[]): Set<string> | undefined {
  const series = (chart as unknown as WithModel).getModel().getSeriesByIndex(0);
  const active = series.getRawIndicesByActiveState("active");
  const inactive = series.getRawIndicesByActiveState("inactive");
  return inactive.length ? new Set(active.flatMap((place) => trials[place]?.id ?? [])) : undefined;
}

"use client";

import { ParallelChart } from "echarts/charts";
import { ParallelComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef, useState } from "react";
import type { SweepAxis } from "#nodes/graph/sweep";
import { themed } from "../../_ui/chart";
import { metricLabel, nodeLabel, paramLabel, type Sweep, type Trial, valueLabel } from "../labels";

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
  /** The runs inside of every brushed range; nothing when nothing is brushed, and setting it to nothing takes the brushes away. */
  brushed: ReadonlySet<string> | undefined;
  onBrush(ids: Set<string> | undefined): void;
}

/** One axis for each parameter and one for the metric, best on top; one line for each run. Dragging along an axis keeps the lines that pass there. */
export default function Parallel(props: ParallelProps) {
  const host = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType>();
  const latest = useRef(props);
  const theme = useTheme();
  latest.current = props;
  const { sweep, trials, colours, best, lit, brushed } = props;

  useEffect(() => {
    if (!host.current) return;
    const made = init(host.current);
    const sized = new ResizeObserver(() => made.resize());
    sized.observe(host.current);
    made.on("mouseover", ({ dataIndex }) => latest.current.onLit(latest.current.trials[dataIndex]?.id));
    made.on("mouseout", () => latest.current.onLit(undefined));
    made.on("click", ({ dataIndex }) => {
      const trial = latest.current.trials[dataIndex];
      if (trial) latest.current.onOpen(trial.id);
    });
    made.on("axisareaselected", () => latest.current.onBrush(inside(made, latest.current.trials)));
    setChart(made);
    return () => {
      sized.disconnect();
      made.dispose();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the theme
  useEffect(() => {
    const ink = themed("--ink-2");
    const line = { lineStyle: { color: themed("--line-strong") } };
    const { axes, metric } = sweep.spec;
    const look = (name: string, dim: number) => ({
      id: `axis ${dim}`,
      dim,
      name,
      nameTextStyle: { color: ink, fontSize: 11, lineHeight: 15 },
      axisLabel: { color: ink, fontSize: 11, textBorderColor: themed("--surface"), textBorderWidth: 3 },
      axisLine: line,
      axisTick: line,
      minorTick: { show: false },
      areaSelectStyle: {
        width: 22,
        borderWidth: 1,
        borderColor: themed("--accent"),
        color: themed("--accent"),
        opacity: 0.2,
      },
    });
    chart?.setOption({
      animation: false,
      parallel: { left: 60, right: 70, top: 52, bottom: 24 },
      parallelAxis: [
        ...axes.map((a, dim) => ({
          ...look(`${nodeLabel(sweep, a.node)}\n${paramLabel(sweep, a)}`, dim),
          ...scaleOf(a),
        })),
        {
          ...look(metricLabel(sweep).replace(" · ", "\n"), axes.length),
          type: "value",
          scale: true,
          inverse: metric.goal === "min",
          nameLocation: metric.goal === "min" ? "start" : "end",
          nameTextStyle: { color: themed("--ink"), fontSize: 11, lineHeight: 15, fontWeight: "bold" },
        },
      ],
      series: [
        {
          type: "parallel",
          activeOpacity: 0.9,
          inactiveOpacity: 0.06,
          lineStyle: { width: 1.5, opacity: 0.75 },
          emphasis: { lineStyle: { width: 3.5, opacity: 1 } },
          data: trials.map((t) => ({
            value: [...axes.map((a) => cell(a, t.assignment[`${a.node}.${a.param}`])), t.metric ?? 0],
            lineStyle: {
              color: colours.get(t.id),
              ...(t.provisional ? { type: "dashed" as const } : {}),
              ...(t.id === best ? { width: 3.5, opacity: 1 } : {}),
            },
          })),
        },
      ],
    });
    if (chart && latest.current.brushed) latest.current.onBrush(inside(chart, trials)); // new runs may lie inside
  }, [chart, sweep.id, trials, colours, best, theme]);

  useEffect(() => {
    if (!brushed)
      for (let i = 0; i <= sweep.spec.axes.length; i++)
        chart?.dispatchAction({ type: "axisAreaSelect", parallelAxisId: `axis ${i}`, intervals: [] });
  }, [chart, sweep.spec.axes.length, brushed]);

  useEffect(() => {
    chart?.dispatchAction({ type: "downplay", seriesIndex: 0 });
    const at = trials.findIndex((t) => t.id === lit);
    if (at >= 0) chart?.dispatchAction({ type: "highlight", seriesIndex: 0, dataIndex: at });
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

/** The runs that every brush lets through. The way that ECharts documents, and that its types do not know. */
function inside(chart: EChartsType, trials: readonly Trial[]): Set<string> | undefined {
  const series = (
    chart as unknown as {
      getModel(): { getSeriesByIndex(i: number): { getRawIndicesByActiveState(state: string): number[] } };
    }
  )
    .getModel()
    .getSeriesByIndex(0);
  const active = series.getRawIndicesByActiveState("active");
  const inactive = series.getRawIndicesByActiveState("inactive");
  return inactive.length ? new Set(active.flatMap((i) => trials[i]?.id ?? [])) : undefined;
}

/** Numbers that span two decades or more lie on a logarithmic axis; words, and numbers among words, on one of categories. */
function scaleOf(a: SweepAxis): object {
  if ("scale" in a) return { type: a.scale === "log" ? "log" : "value", min: a.min, max: a.max };
  if (!isNumeric(a)) return { type: "category", data: a.values.map(valueLabel) };
  const numbers = a.values as number[];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low > 0 && high / low >= 100
    ? { type: "log", min: low, max: high }
    : { type: "value", min: low, max: high === low ? low + 1 : high };
}
const isNumeric = (a: SweepAxis): boolean => "scale" in a || a.values.every((v) => typeof v === "number");
const cell = (a: SweepAxis, value: unknown): number | string => (isNumeric(a) ? Number(value) : valueLabel(value));

/** Changes when the page turns light or dark. */
function useTheme(): number {
  const [turns, setTurns] = useState(0);
  useEffect(() => {
    const seen = new MutationObserver(() => setTurns((n) => n + 1));
    seen.observe(document.documentElement, { attributeFilter: ["class"] });
    return () => seen.disconnect();
  }, []);
  return turns;
}

/** How ECharts is to draw a sweep's parallel coordinates, in the colours of the theme that is on. */
import type { SweepAxis } from "#nodes/graph/sweep";
import { themed } from "../../_ui/theme";
import { axisKey, metricLabel, nodeLabel, paramLabel, type Sweep, type Trial, valueLabel } from "../labels";

interface Drawn {
  sweep: Sweep;
  trials: readonly Trial[];
  colours: ReadonlyMap<string, string>;
  best: string | undefined;
}

export function parallelOption(drawn: Drawn): Record<string, unknown> {
  const { sweep, trials } = drawn;
  const { axes } = sweep.spec;
  return {
    animation: false,
    parallel: { left: 60, right: 70, top: 52, bottom: 24 },
    parallelAxis: [
      ...axes.map((axis, dim) => ({
        ...lookOf(`${nodeLabel(sweep, axis.node)}\n${paramLabel(sweep, axis)}`, dim),
        ...scaleOf(axis),
      })),
      metricAxis(sweep),
    ],
    series: [
      {
        type: "parallel",
        activeOpacity: 0.9,
        inactiveOpacity: 0.06,
        lineStyle: { width: 1.5, opacity: 0.75 },
        emphasis: { lineStyle: { width: 3.5, opacity: 1 } },
        data: trials.map((trial) => lineOf(trial, drawn)),
      },
    ],
  };
}

/** What all axes have in common. */
function lookOf(name: string, dim: number): object {
  const ink = themed("--ink-2");
  const accent = themed("--accent");
  const line = { lineStyle: { color: themed("--line-strong") } };
  return {
    id: `axis ${dim}`,
    dim,
    name,
    nameTextStyle: { color: ink, fontSize: 11, lineHeight: 15 },
    axisLabel: { color: ink, fontSize: 11, textBorderColor: themed("--surface"), textBorderWidth: 3 },
    axisLine: line,
    axisTick: line,
    minorTick: { show: false },
    areaSelectStyle: { width: 22, borderWidth: 1, borderColor: accent, color: accent, opacity: 0.2 },
  };
}

/** The metric's axis, best on top. */
function metricAxis(sweep: Sweep): object {
  const { axes, metric } = sweep.spec;
  const isLowBest = metric.goal === "min";
  return {
    ...lookOf(metricLabel(sweep).replace(" · ", "\n"), axes.length),
    type: "value",
    scale: true,
    inverse: isLowBest,
    nameLocation: isLowBest ? "start" : "end",
    nameTextStyle: { color: themed("--ink"), fontSize: 11, lineHeight: 15, fontWeight: "bold" },
  };
}

/** One run: dashed while it goes on, thick when it is the best. */
function lineOf(trial: Trial, { sweep, colours, best }: Drawn): object {
  const values = sweep.spec.axes.map((axis) => placeOn(axis, trial.assignment[axisKey(axis)]));
  return {
    value: [...values, trial.metric ?? 0],
    lineStyle: {
      color: colours.get(trial.id),
      ...(trial.provisional ? { type: "dashed" } : {}),
      ...(trial.id === best ? { width: 3.5, opacity: 1 } : {}),
    },
  };
}

/** Numbers that span two decades or more lie on a logarithmic axis; words, and numbers among words, on categories. */
function scaleOf(axis: SweepAxis): object {
  if (!isNumeric(axis)) return { type: "category", data: "scale" in axis ? [] : axis.values.map(valueLabel) };
  const numbers = "scale" in axis ? [axis.min, axis.max] : axis.values.map(Number);
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const isLog = "scale" in axis ? axis.scale === "log" : low > 0 && high / low >= 100;
  if (isLog) return { type: "log", min: low, max: high };
  // Without bounds of its own the axis ends at round numbers, whose labels keep clear of each other.
  return { type: "value", scale: true };
}

const isNumeric = (axis: SweepAxis): boolean =>
  "scale" in axis || axis.values.every((value) => typeof value === "number");

const placeOn = (axis: SweepAxis, value: unknown): number | string =>
  isNumeric(axis) ? Number(value) : valueLabel(value);

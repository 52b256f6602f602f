"use client";

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { keepPlot } from "./plot-host";
import { themed } from "./theme";

export interface Line {
  name: string;
  values: readonly (number | null)[];
  /** A CSS colour, or the name of one of our variables; lines without one take turns through a small palette. */
  colour?: string;
  width?: number;
}

export interface ChartProps {
  label: string;
  x: readonly number[];
  lines: readonly Line[];
  height: number;
  legend?: boolean;
  log?: boolean;
  /** The line that stands out, by its place; and what hears which one the pointer is next to. */
  lit?: number;
  onFocus?(line: number | undefined): void;
}

/** Lines over a common axis. Drawn anew when looks or theme change; the pointer reads values off it. */
export function Chart({ label, x, lines, height, legend = false, log = false, lit, onFocus }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const data = useRef<uPlot.AlignedData>([[]]);
  const focus = useRef(onFocus);
  data.current = [[...x], ...lines.map((line) => [...line.values])] as uPlot.AlignedData;
  focus.current = onFocus;
  // Numbers change with every step of a training; only other looks need another plot.
  const looks = JSON.stringify(lines.map(({ name, colour, width }) => ({ name, colour, width })));

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const make = (): uPlot => {
      const shape = { label, looks: JSON.parse(looks) as Look[], height, legend, log, focus: focus.current && focus };
      return new uPlot({ width: element.clientWidth || 240, ...optionsOf(shape) }, data.current, element);
    };
    return keepPlot(element, plot, make, (drawn, width) => drawn.setSize({ width, height }));
  }, [label, looks, height, legend, log]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot that is drawn anew has forgotten
  useEffect(() => plot.current?.setSeries(lit === undefined ? null : lit + 1, { focus: true }, false), [lit, looks]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the numbers are read from the ref they were put into
  useEffect(() => plot.current?.setData(data.current), [x, lines]);

  const names = lines.slice(0, 8).map((line) => line.name);
  return <div ref={host} className="nodrag w-full" role="img" aria-label={`${names.join(", ")} by ${label}`} />;
}

type Look = Omit<Line, "values">;
interface Shape {
  label: string;
  looks: readonly Look[];
  height: number;
  legend: boolean;
  log: boolean;
  /** With it the line next to the pointer stands out. */
  focus: { current: ChartProps["onFocus"] } | undefined;
}

function optionsOf({ label, looks, height, legend, log, focus }: Shape): Omit<uPlot.Options, "width"> {
  const drag = { x: true, y: false };
  return {
    height,
    legend: { show: legend, live: true },
    scales: { x: { time: false }, y: log ? { distr: 3 } : {} },
    padding: [8, 16, 0, 0],
    cursor: focus ? { drag, focus: { prox: 24 }, points: { show: false } } : { drag },
    focus: { alpha: focus ? 0.25 : 1 },
    hooks: { setSeries: [(_, series) => focus?.current?.(series === null ? undefined : series - 1)] },
    axes: chartAxes(),
    series: [{ label }, ...looks.map(seriesOf)],
  };
}

/** Axes below and beside a chart, in the colours of the theme. */
export function chartAxes(): uPlot.Axis[] {
  return [
    { ...axis, size: 26 },
    { ...axis, size: widthOf, values: (_, ticks) => ticks.map(tickText) },
  ];
}

const axis: uPlot.Axis = {
  stroke: () => themed("--ink-3"),
  grid: { stroke: () => themed("--line"), width: 1 },
  ticks: { show: false },
  font: "11px system-ui",
};

const strokes = ["--accent", "--port-image", "--port-text", "--port-weights", "--port-number"];

function seriesOf({ name, colour, width = 1.5 }: Look, place: number): uPlot.Series {
  const stroke = colour ?? strokes[place % strokes.length] ?? "--accent";
  return {
    label: name,
    stroke: () => themed(stroke),
    width,
    spanGaps: true,
    pxAlign: false,
    points: { show: false },
  };
}

/** Room for the longest number beside an axis. */
const widthOf = (_: uPlot, texts: string[] | null): number =>
  14 + 6 * Math.max(2, ...(texts ?? []).map((text) => text?.length ?? 0));

/** Axis numbers, short: 2e-4 rather than 0.0002. */
function tickText(value: number | null): string {
  if (value === null) return "";
  const isFar = value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5);
  return isFar ? value.toExponential().replace("e+", "e") : Number(value.toPrecision(6)).toString();
}

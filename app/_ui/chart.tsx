"use client";

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Line {
  name: string;
  values: readonly (number | null)[];
  /** A CSS colour, or the name of one of our variables; lines without one take turns through a small palette. */
  colour?: string;
  width?: number;
}

const strokes = ["--accent", "--port-image", "--port-text", "--port-weights", "--port-number"];
/** The value of a colour variable in the theme that is on. */
export const themed = (colour: string): string =>
  colour.startsWith("--") ? getComputedStyle(document.documentElement).getPropertyValue(colour).trim() : colour;

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
  const looks = JSON.stringify(lines.map(({ name, colour, width }) => ({ name, colour, width })));
  const data = useRef<uPlot.AlignedData>([[]]);
  const focus = useRef(onFocus);
  data.current = [[...x], ...lines.map((l) => [...l.values])] as uPlot.AlignedData;
  focus.current = onFocus;
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      const axis = {
        stroke: () => themed("--ink-3"),
        grid: { stroke: () => themed("--line"), width: 1 },
        ticks: { show: false },
        font: "10px system-ui",
      };
      const focuses = focus.current !== undefined;
      plot.current = new uPlot(
        {
          width: element.clientWidth || 240,
          height,
          legend: { show: legend, live: true },
          scales: { x: { time: false }, y: log ? { distr: 3 } : {} },
          padding: [8, 16, 0, 0],
          cursor: { drag: { x: true, y: false }, ...(focuses ? { focus: { prox: 24 }, points: { show: false } } : {}) },
          focus: { alpha: focuses ? 0.25 : 1 },
          hooks: { setSeries: [(_, line) => focus.current?.(line === null ? undefined : line - 1)] },
          axes: [
            { ...axis, size: 26 },
            {
              ...axis,
              size: (_, values) => 14 + 6 * Math.max(2, ...(values ?? []).map((v) => v?.length ?? 0)),
              values: (_, ticks) => ticks.map((v) => (v === null ? "" : tick(v))),
            },
          ],
          series: [
            { label },
            ...(JSON.parse(looks) as Line[]).map(({ name, colour, width = 1.5 }, i) => ({
              label: name,
              stroke: () => themed(colour ?? (strokes[i % strokes.length] as string)),
              width,
              spanGaps: true,
              pxAlign: false,
              points: { show: false },
            })),
          ],
        },
        data.current,
        element,
      );
    };
    draw();
    const sized = new ResizeObserver(
      () => plot.current && element.clientWidth && plot.current.setSize({ width: element.clientWidth, height }),
    );
    sized.observe(element);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ["class"] });
    return () => {
      sized.disconnect();
      theme.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [label, looks, height, legend, log]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot that is drawn anew has forgotten
  useEffect(() => plot.current?.setSeries(lit === undefined ? null : lit + 1, { focus: true }, false), [lit, looks]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the numbers are read from the ref they were put into
  useEffect(() => plot.current?.setData(data.current), [x, lines]);
  return (
    <div
      ref={host}
      className="nodrag w-full"
      role="img"
      aria-label={`${lines
        .map((l) => l.name)
        .slice(0, 8)
        .join(", ")} by ${label}`}
    />
  );
}

/** Axis numbers, short: 2e-4 rather than 0.0002. */
const tick = (v: number): string =>
  v !== 0 && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5)
    ? v.toExponential().replace("e+", "e")
    : Number(v.toPrecision(6)).toString();

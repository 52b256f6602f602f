"use client";

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { PreviewOf } from "#nodes/core/preview";
import type { PreviewProps } from "./index";

const strokes = ["--accent", "--port-image", "--port-text", "--port-weights", "--port-number"];
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Lines over a common axis. Drawn anew when numbers or theme change; the pointer reads values off it. */
export function Chart({ label, x, lines, height, legend = false }: { label: string; x: readonly number[]; lines: readonly { name: string; values: readonly (number | null)[] }[]; height: number; legend?: boolean }) {
  const host = useRef<HTMLDivElement>(null), plot = useRef<uPlot>(undefined), shape = lines.map((l) => l.name).join();
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [[...x], ...lines.map((l) => [...l.values])] as uPlot.AlignedData;
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      const axis = { stroke: () => colour("--ink-3"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, font: "10px system-ui", size: 26 };
      plot.current = new uPlot({
        width: element.clientWidth || 240, height, legend: { show: legend, live: true }, cursor: { drag: { x: true, y: false } }, scales: { x: { time: false } }, padding: [6, 8, 0, 0],
        axes: [{ ...axis }, { ...axis, size: 40 }],
        series: [{ label }, ...shape.split(",").map((name, i) => ({ label: name, stroke: () => colour(strokes[i % strokes.length] as string), width: 1.5, points: { show: false } }))],
      }, data.current, element);
    };
    draw();
    const sized = new ResizeObserver(() => plot.current && element.clientWidth && plot.current.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["class"] });
    return () => {
      sized.disconnect();
      themed.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [label, shape, height, legend]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the numbers are read from the ref they were put into
  useEffect(() => plot.current?.setData(data.current), [x, lines]);
  return <div ref={host} className="nodrag w-full" role="img" aria-label={`${shape} by ${label}`} />;
}

export function SeriesPreview({ preview: { x, lines }, large }: PreviewProps<PreviewOf["series"]>) {
  // Lines of very different sizes do not share an axis on a small chart: there the first one stands for them.
  const shown = large || lines.length < 3 ? lines : lines.slice(0, 1);
  return <Chart label={x.label} x={x.values} lines={shown} height={large ? 320 : 120} legend={large} />;
}

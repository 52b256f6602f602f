"use client";

import { Download } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useMemo, useRef } from "react";
import type uPlot from "uplot";
import { shortNumber } from "../amounts";
import { Button } from "../button";
import { keepFile } from "../keep-file";
import type { XAxis } from "./axes";
import type { Span } from "./buckets";
import { CurvePlot } from "./curve-plot";
import { type DrawnRun, pointAt } from "./drawn";
import { curvesAsCsv, curvesAsSvg, plotAsPng } from "./export";
import type { SharedView } from "./shared-view";

/** How all panels beside each other are drawn. */
export interface PanelLooks {
  axis: XAxis;
  smoothing: number;
  logX: boolean;
  logY: boolean;
}

const axisNames: Record<XAxis, string> = { step: "step", time: "seconds", epoch: "epoch" };

interface CurvePanelProps {
  /** The line that it shows of each run. */
  name: string;
  drawn: readonly DrawnRun[];
  looks: PanelLooks;
  view: SharedView;
  whole: Span | undefined;
  height: number;
  lit: string | undefined;
  onLit(id: string | undefined): void;
}

/** One line of all runs, with the value at the pointer: it is at the same place in all panels. */
export function CurvePanel({ name, drawn, looks, view, whole, height, lit, onLit }: CurvePanelProps) {
  const plot = useRef<uPlot>(undefined);
  const read = useRef<HTMLSpanElement>(null);
  const label = looks.axis === "step" ? (drawn[0]?.curve.label ?? "step") : axisNames[looks.axis];
  const told = useMemo(() => drawn.find(({ run }) => drawn.length === 1 || run.id === lit), [drawn, lit]);
  function readAt(x: number | undefined): void {
    if (read.current) read.current.textContent = x === undefined ? "" : readingAt(told, x, label);
  }
  return (
    <section aria-label={name} className="min-w-0" data-curve-panel>
      <div className="flex h-8 items-center gap-2">
        <h3 className="truncate text-xs font-medium text-ink-2" title={name}>
          {name}
        </h3>
        <span ref={read} className="ml-auto shrink-0 text-xs tabular-nums text-ink-3" data-curve-reading />
        <ExportMenu name={name} drawn={drawn} label={label} plot={plot} {...looks} />
      </div>
      {drawn.length ? (
        <CurvePlot
          label={label}
          drawn={drawn}
          isSmoothed={looks.smoothing > 0}
          logX={looks.logX}
          logY={looks.logY}
          height={height}
          view={view}
          whole={whole}
          lit={lit}
          onFocus={(place) => onLit(place === undefined ? undefined : drawn[place]?.run.id)}
          onPointer={readAt}
          plot={plot}
        />
      ) : (
        <p className="py-16 text-center text-ink-3">These runs did not tell their {axisNames[looks.axis]}.</p>
      )}
    </section>
  );
}

/** What a run is at a place; of several runs the one that is lit is told, otherwise the place alone. */
function readingAt(told: DrawnRun | undefined, x: number, label: string): string {
  const point = told && pointAt(told.smooth, x);
  return point ? `${shortNumber(point[1])} at ${label} ${shortNumber(point[0])}` : `${label} ${shortNumber(x)}`;
}

interface ExportMenuProps extends PanelLooks {
  name: string;
  drawn: readonly DrawnRun[];
  label: string;
  plot: { current: uPlot | undefined };
}

function ExportMenu({ name, drawn, label, plot, logX, logY }: ExportMenuProps) {
  const item = "cursor-pointer rounded-md px-2 py-1.5 outline-none data-[highlighted]:bg-sunken";
  async function keepPng(): Promise<void> {
    const picture = plot.current && (await plotAsPng(plot.current));
    if (picture) keepFile("curves.png", picture);
  }
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button look="quiet" size="s" disabled={!drawn.length} aria-label={`Export ${name}`}>
          <Download className="size-4" aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          className="z-50 w-48 rounded-xl border border-line-strong bg-raised p-1.5 shadow-2xl"
        >
          <DropdownMenu.Item
            className={item}
            onSelect={() => keepFile("curves.csv", curvesAsCsv(drawn, label), "text/csv")}
          >
            All points, CSV
          </DropdownMenu.Item>
          <DropdownMenu.Item className={item} onSelect={() => void keepPng()}>
            What is shown, PNG
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className={item}
            onSelect={() => keepFile("curves.svg", curvesAsSvg(drawn, { label, logX, logY }), "image/svg+xml")}
          >
            The whole lines, SVG
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

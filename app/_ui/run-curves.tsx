"use client";

import { Download } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { type Dispatch, type SetStateAction, useDeferredValue, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";
import { Button } from "./button";
import { Card } from "./card";
import { Checkbox } from "./checkbox";
import { Choice } from "./choice";
import type { XAxis } from "./curves/axes";
import { CurvePlot } from "./curves/curve-plot";
import { type DrawnRun, drawnRuns, type ShownRun } from "./curves/drawn";
import { useCurves } from "./curves/use-curves";
import { curvesAsCsv, curvesAsSvg, keepFile, plotAsPng } from "./curves/export";

interface RunCurvesProps {
  runs: readonly ShownRun[];
  /** The node, or "node · line", that is shown at first. */
  first?: string;
  note?: string;
  /** The run under the pointer, here or elsewhere. */
  lit?: string;
  onLit?: Dispatch<SetStateAction<string | undefined>>;
}

const axisLabels: Record<XAxis, string> = { step: "step", time: "seconds", epoch: "epoch" };

/**
 * One line of several runs over each other, such as the loss: smoothed with the line itself faint behind, by step, time
 * or epoch, and as files.
 */
export function RunCurves({ runs, first, note, lit, onLit }: RunCurvesProps) {
  const [chosen, setChosen] = useState<string>();
  const [looks, setLooks] = useState({ axis: "step" as XAxis, smoothing: 0, logX: false, logY: false });
  const plot = useRef<uPlot>(undefined);
  const curves = useCurves(runs);
  const names = [...new Set(curves.flatMap((list) => list.map((curve) => curve.name)))];
  const name = chosen ?? nameToBegin(names, first);
  const { axis, smoothing } = useDeferredValue(looks);
  const drawn = useMemo(
    () => drawnRuns(runs, curves, name, { axis, smoothing }),
    [runs, curves, name, axis, smoothing],
  );
  const focus = useFocus(drawn, onLit);
  if (!names.length) return null;
  const litRun = drawn.find(({ run }) => run.id === lit);
  const label = axis === "step" ? (drawn[0]?.curve.label ?? "step") : axisLabels[axis];
  return (
    <Card
      title="Curves"
      note={litRun ? lastPoint(litRun) : note}
      actions={
        <>
          <select
            aria-label="Line"
            className="field w-auto max-w-56"
            value={name}
            onChange={(event) => setChosen(event.target.value)}
          >
            {names.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
          <ExportMenu drawn={drawn} label={label} plot={plot} {...looks} />
        </>
      }
    >
      <LooksBar looks={looks} onChange={setLooks} />
      {drawn.length ? (
        <CurvePlot
          label={label}
          drawn={drawn}
          isSmoothed={smoothing > 0}
          logX={looks.logX}
          logY={looks.logY}
          height={300}
          lit={lit}
          onFocus={focus}
          plot={plot}
        />
      ) : (
        <p className="py-16 text-center text-ink-3">These runs did not tell their {axisLabels[looks.axis]}.</p>
      )}
    </Card>
  );
}

interface PlotLooks {
  axis: XAxis;
  smoothing: number;
  logX: boolean;
  logY: boolean;
}

function LooksBar({ looks, onChange }: { looks: PlotLooks; onChange(looks: PlotLooks): void }) {
  const set = (changed: Partial<PlotLooks>) => onChange({ ...looks, ...changed });
  return (
    <div className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1">
      <Choice
        label="Along"
        options={{ step: "Step", time: "Time", epoch: "Epoch" }}
        value={looks.axis}
        onChange={(axis: XAxis) => set({ axis })}
      />
      <label className="flex items-center gap-2 text-xs text-ink-2">
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          className="w-32 accent-[var(--accent)]"
          value={looks.smoothing}
          onChange={(event) => set({ smoothing: Number(event.target.value) })}
        />
        <span className="w-8 tabular-nums">{looks.smoothing.toFixed(2)}</span>
      </label>
      <Checkbox label="Logarithmic" checked={looks.logY} onChange={(logY) => set({ logY })} />
      <Checkbox label="Logarithmic along" checked={looks.logX} onChange={(logX) => set({ logX })} />
    </div>
  );
}

interface ExportMenuProps extends PlotLooks {
  drawn: readonly DrawnRun[];
  label: string;
  plot: { current: uPlot | undefined };
}

function ExportMenu({ drawn, label, plot, logX, logY }: ExportMenuProps) {
  const item = "cursor-pointer rounded-md px-2 py-1.5 outline-none data-[highlighted]:bg-sunken";
  async function keepPng(): Promise<void> {
    const picture = plot.current && (await plotAsPng(plot.current));
    if (picture) keepFile("curves.png", picture);
  }
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button disabled={!drawn.length} aria-label="Export the curves">
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

const nameToBegin = (names: readonly string[], first: string | undefined): string | undefined =>
  names.find((name) => name === first) ?? names.find((name) => name.startsWith(`${first} · `)) ?? names[0];

/** Tells which run the pointer is next to. */
function useFocus(drawn: readonly DrawnRun[], onLit: RunCurvesProps["onLit"]) {
  const told = useRef<string>(undefined);
  return (place: number | undefined) => {
    const id = place === undefined ? undefined : drawn[place]?.run.id;
    const before = told.current;
    told.current = id;
    // The chart says late that the pointer left it: another run may be lit by then.
    onLit?.((now) => (id === undefined && now !== before ? now : id));
  };
}

function lastPoint({ run, curve }: DrawnRun): string {
  const x = curve.x.at(-1)?.toLocaleString("en");
  return `${run.label}: ${curve.y.at(-1)?.toPrecision(4)} at ${curve.label} ${x}`;
}

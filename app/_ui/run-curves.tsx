"use client";

import { ChartLine } from "lucide-react";
import { type Dispatch, type SetStateAction, useDeferredValue, useMemo, useRef, useState } from "react";
import { Card } from "./card";
import { Checkbox } from "./checkbox";
import { Choice } from "./choice";
import { cx } from "./cx";
import type { XAxis } from "./curves/axes";
import { CurvePanel, type PanelLooks } from "./curves/curve-panel";
import { type DrawnRun, drawnRuns, type ShownRun, wholeSpan } from "./curves/drawn";
import { sharedView } from "./curves/shared-view";
import { useCurves } from "./curves/use-curves";
import { NamesMenu } from "./names-menu";

interface RunCurvesProps {
  runs: readonly ShownRun[];
  /** The node, or "node · line", that alone is shown at first. */
  first?: string;
  note?: string;
  /** The run under the pointer, here or elsewhere. */
  lit?: string;
  onLit?: Dispatch<SetStateAction<string | undefined>>;
}

/** Lines that have a panel before anybody chose some. */
const panelsAtFirst = 4;

/**
 * The lines of several runs over each other, such as the loss, a panel for each: smoothed with the line itself faint
 * behind, by step, time or epoch, and as files. All panels look at the same part of the axis and have one pointer.
 */
export function RunCurves({ runs, first, note, lit, onLit }: RunCurvesProps) {
  const curves = useCurves(runs);
  const names = useMemo(() => [...new Set(curves.flatMap((list) => list.map((curve) => curve.name)))], [curves]);
  const [chosen, setChosen] = useState<string[]>();
  const [looks, setLooks] = useState<PanelLooks>({ axis: "step", smoothing: 0, logX: false, logY: false });
  const shown = useMemo(() => chosen ?? namesToBegin(names, first), [chosen, names, first]);
  const { axis, smoothing } = useDeferredValue(looks);
  const panels = useMemo(
    () => shown.map((name) => ({ name, drawn: drawnRuns(runs, curves, name, { axis, smoothing }) })),
    [runs, curves, shown, axis, smoothing],
  );
  const all = useMemo(() => panels.flatMap(({ drawn }) => drawn), [panels]);
  const whole = useMemo(() => wholeSpan(all, looks.logX), [all, looks.logX]);
  const runIds = runs.map(({ id }) => id).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another axis and other runs are looked at as a whole
  const view = useMemo(sharedView, [axis, looks.logX, runIds]);
  const focus = useFocus(onLit);
  if (!names.length) return null;
  const litRun = all.find(({ run }) => run.id === lit);
  return (
    <Card
      title="Curves"
      note={litRun ? lastPoint(litRun) : note}
      actions={<NamesMenu label="Lines" icon={ChartLine} names={names} shown={shown} onChange={setChosen} />}
    >
      <LooksBar looks={looks} onChange={setLooks} />
      <div className={cx("grid gap-x-6 gap-y-3", panels.length > 1 && "lg:grid-cols-2")}>
        {panels.map(({ name, drawn }) => (
          <CurvePanel
            key={name}
            {...{ name, drawn, looks, view, whole, lit }}
            height={panels.length > 1 ? 200 : 300}
            onLit={focus}
          />
        ))}
      </div>
      {!panels.length && <p className="py-16 text-center text-ink-3">No line is chosen.</p>}
    </Card>
  );
}

function LooksBar({ looks, onChange }: { looks: PanelLooks; onChange(looks: PanelLooks): void }) {
  const set = (changed: Partial<PanelLooks>) => onChange({ ...looks, ...changed });
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

function namesToBegin(names: readonly string[], first: string | undefined): readonly string[] {
  const begin = names.find((name) => name === first) ?? names.find((name) => name.startsWith(`${first} · `));
  return begin === undefined ? names.slice(0, panelsAtFirst) : [begin];
}

/** Tells which run the pointer is next to. */
function useFocus(onLit: RunCurvesProps["onLit"]) {
  const told = useRef<string>(undefined);
  return (id: string | undefined) => {
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

"use client";

import { useQueries } from "@tanstack/react-query";
import { type Dispatch, type SetStateAction, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { type Outputs, useTRPC } from "../_trpc/client";
import { Card } from "./card";
import { Chart, type Line } from "./chart";
import { Checkbox } from "./checkbox";

export interface ShownRun {
  id: string;
  label: string;
  colour: string;
  /** Drawn over the others. */
  strong?: boolean;
  /** It goes on: its curve grows. */
  going: boolean;
}
type Curve = Outputs["runs"]["curves"][number];
/** A run with the one of its curves that is shown. */
interface DrawnRun {
  run: ShownRun;
  curve: Curve;
}

/**
 * One line of several runs over each other, such as the loss by step. `first` is the node, or "node · line", that is
 * shown at first; `lit` the run under the pointer, here or elsewhere.
 */
export function RunCurves({
  runs,
  first,
  note,
  lit,
  onLit,
}: {
  runs: readonly ShownRun[];
  first?: string;
  note?: string;
  lit?: string;
  onLit?: Dispatch<SetStateAction<string | undefined>>;
}) {
  const [chosen, setChosen] = useState<string>();
  const [log, setLog] = useState(false);
  const curves = useCurves(runs);
  const names = [...new Set(curves.flatMap((list) => list.map((curve) => curve.name)))];
  const name = chosen ?? nameToBegin(names, first);
  const drawn = useMemo(() => drawnRuns(runs, curves, name), [runs, curves, name]);
  const { x, lines } = useMemo(() => joined(drawn), [drawn]);
  const focus = useFocus(drawn, onLit);
  if (!names.length) return null;
  const litPlace = drawn.findIndex(({ run }) => run.id === lit);
  const litRun = drawn[litPlace];
  return (
    <Card
      title="Curves"
      note={litRun ? lastPoint(litRun) : note}
      actions={
        <>
          <Checkbox label="Logarithmic" checked={log} onChange={setLog} />
          <select
            aria-label="Line"
            className="field w-auto"
            value={name}
            onChange={(event) => setChosen(event.target.value)}
          >
            {names.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </>
      }
    >
      <Chart
        label={drawn[0]?.curve.label ?? ""}
        x={x}
        lines={lines}
        height={260}
        log={log}
        lit={litRun && litPlace}
        onFocus={focus}
      />
    </Card>
  );
}

/** The curves of each run. What a run drew never changes; what it draws is asked for again. */
function useCurves(runs: readonly ShownRun[]): Curve[][] {
  const trpc = useTRPC();
  return useQueries({
    queries: runs.map(({ id, going }) =>
      trpc.runs.curves.queryOptions(
        { id },
        {
          staleTime: going ? 0 : Number.POSITIVE_INFINITY,
          refetchInterval: going ? 2000 : false,
          queryKeyHashFn: (key) => JSON.stringify([key, going]),
        },
      ),
    ),
    combine: (results) => results.map((result) => result.data ?? []),
  });
}

const nameToBegin = (names: readonly string[], first: string | undefined): string | undefined =>
  names.find((name) => name === first) ?? names.find((name) => name.startsWith(`${first} · `)) ?? names[0];

/** The runs that have the curve, the strong ones last: they are drawn over the others. */
function drawnRuns(runs: readonly ShownRun[], curves: readonly Curve[][], name: string | undefined): DrawnRun[] {
  const drawn = runs.flatMap((run, i) => {
    const curve = curves[i]?.find((other) => other.name === name);
    return curve?.x.length ? [{ run, curve }] : [];
  });
  return drawn.sort((a, b) => Number(a.run.strong ?? false) - Number(b.run.strong ?? false));
}

/** The curves over one axis: each has a gap where only others have a point. */
function joined(drawn: readonly DrawnRun[]): { x: number[]; lines: Line[] } {
  if (!drawn.length) return { x: [], lines: [] };
  const [x, ...columns] = uPlot.join(drawn.map(({ curve }): uPlot.AlignedData => [curve.x, curve.y]));
  const lines = drawn.map(({ run }, i) => ({
    name: run.label,
    values: columns[i] as (number | null)[],
    colour: run.colour,
    width: run.strong ? 3 : 1.5,
  }));
  return { x: x as number[], lines };
}

/** Tells which run the pointer is next to. */
function useFocus(drawn: readonly DrawnRun[], onLit: Dispatch<SetStateAction<string | undefined>> | undefined) {
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

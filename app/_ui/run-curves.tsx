"use client";

import { useQueries } from "@tanstack/react-query";
import { type Dispatch, type SetStateAction, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { useTRPC } from "../_trpc/client";
import { Card } from "./card";
import { Chart } from "./chart";

export interface ShownRun {
  id: string;
  label: string;
  colour: string;
  /** Drawn over the others. */
  strong?: boolean;
  /** It goes on: its curve grows. */
  going: boolean;
}

/** One line of several runs over each other, such as the loss by step. `lit` is the run under the pointer, here or elsewhere. */
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
  const trpc = useTRPC();
  const [chosen, setChosen] = useState<string>();
  const [log, setLog] = useState(false);
  const under = useRef<string>(undefined);
  const curves = useQueries({
    // What a run drew never changes; what it draws is asked for again.
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
    combine: (results) => results.map((r) => r.data ?? []),
  });
  const names = [...new Set(curves.flatMap((list) => list.map((c) => c.name)))];
  const name = chosen ?? names.find((n) => n === first) ?? names.find((n) => n.startsWith(`${first} · `)) ?? names[0];
  const drawn = useMemo(
    () =>
      runs
        .flatMap((run, i) => {
          const curve = curves[i]?.find((c) => c.name === name);
          return curve?.x.length ? [{ run, curve }] : [];
        })
        .sort((a, b) => Number(a.run.strong ?? false) - Number(b.run.strong ?? false)),
    [runs, curves, name],
  );
  const { x, lines } = useMemo(() => {
    const [axis = [], ...columns] = drawn.length
      ? uPlot.join(drawn.map(({ curve: { x, y } }): uPlot.AlignedData => [x, y]))
      : [];
    return {
      x: axis as number[],
      lines: drawn.map(({ run }, i) => ({
        name: run.label,
        values: columns[i] as (number | null)[],
        colour: run.colour,
        width: run.strong ? 3 : 1.5,
      })),
    };
  }, [drawn]);
  if (!names.length) return null;
  const at = drawn.findIndex(({ run }) => run.id === lit);
  const told = drawn[at];
  const focus = (i: number | undefined) => {
    const id = i === undefined ? undefined : drawn[i]?.run.id;
    const before = under.current;
    under.current = id;
    onLit?.((now) => (id === undefined && now !== before ? now : id)); // the chart says late that the pointer left it: another run may be lit by then
  };
  return (
    <Card
      title="Curves"
      note={
        told
          ? `${told.run.label}: ${told.curve.y.at(-1)?.toPrecision(4)} at ${told.curve.label} ${told.curve.x.at(-1)?.toLocaleString("en")}`
          : note
      }
      actions={
        <>
          <label className="flex items-center gap-1.5 text-xs text-ink-2">
            <input
              type="checkbox"
              className="accent-[var(--accent)]"
              checked={log}
              onChange={(e) => setLog(e.target.checked)}
            />
            Logarithmic
          </label>
          <select aria-label="Line" className="field w-auto" value={name} onChange={(e) => setChosen(e.target.value)}>
            {names.map((n) => (
              <option key={n}>{n}</option>
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
        lit={told && at}
        onFocus={focus}
      />
    </Card>
  );
}

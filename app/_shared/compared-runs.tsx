"use client";

import type { SharedContent, SharedCurve, SharedRun } from "#server/links/content";
import { duration, shortNumber } from "../_ui/amounts";
import { LazyChart } from "../_ui/lazy-chart";
import { StatusMark } from "../_ui/status";

/** Runs side by side: what they gave, in what their graphs differ, and their curves over each other. */
export function ComparedRuns({
  content: { runs, parameters },
}: {
  content: Pick<SharedContent, "runs" | "parameters">;
}) {
  const numbers = [...new Set(runs.flatMap((run) => Object.keys(run.numbers)))];
  return (
    <>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keys, too
        tabIndex={0}
        className="mt-6 overflow-x-auto rounded-xl border border-line bg-surface"
        aria-label="Results"
      >
        <table className="w-full text-left tabular-nums">
          <thead>
            <tr className="border-b border-line">
              <th className="px-3 py-2 font-medium">Run</th>
              {runs.map((run, i) => (
                <th key={nameOf(run, i)} className="px-3 py-2 font-medium">
                  {nameOf(run, i)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            <Line name="Status" cells={runs.map((run, i) => <StatusMark key={nameOf(run, i)} status={run.status} />)} />
            <Line name="Took" cells={runs.map((run) => (run.took === undefined ? "" : duration(run.took)))} />
            {numbers.map((name) => (
              <Line key={name} name={name} cells={runs.map((run) => numberText(run.numbers[name]))} />
            ))}
            {parameters.map(({ node, param, values }) => (
              <Line key={`${node}.${param}`} name={`${node}.${param}`} cells={values.map(valueText)} />
            ))}
          </tbody>
        </table>
      </section>
      <Curves runs={runs} />
    </>
  );
}

function Line({ name, cells }: { name: string; cells: readonly React.ReactNode[] }) {
  return (
    <tr>
      <th className="px-3 py-1.5 font-normal text-ink-2">{name}</th>
      {cells.map((cell, i) => (
        <td key={i} className="px-3 py-1.5">
          {cell}
        </td>
      ))}
    </tr>
  );
}

const nameOf = (run: SharedRun, place: number): string => `${place + 1} · ${run.name}`;
const numberText = (value: number | undefined): string => (value === undefined ? "" : shortNumber(value));
const valueText = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === undefined ? "" : text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

/** The first curve that each run has of a name, over each other. */
function Curves({ runs }: { runs: readonly SharedRun[] }) {
  const named = new Map<string, { run: string; curve: SharedCurve }[]>();
  for (const [place, run] of runs.entries()) {
    for (const curve of curvesOf(run)) {
      const known = named.get(curve.name) ?? [];
      named.set(curve.name, [...known, { run: nameOf(run, place), curve }]);
    }
  }
  return [...named].slice(0, 12).map(([name, lines]) => (
    <figure key={name} className="mt-4 rounded-xl border border-line bg-surface p-3">
      <figcaption className="mb-1 font-medium">{name}</figcaption>
      <LazyChart {...together(lines)} height={240} legend />
    </figure>
  ));
}

/** A training's curve is what it told; or what it gave. */
function curvesOf(run: SharedRun): SharedCurve[] {
  return run.nodes.flatMap(({ title, curves, previews }) => {
    const given = Object.values(previews).flatMap((preview) => {
      if (preview.type !== "series") return [];
      const { x, lines } = preview;
      return lines.map(({ name, values }) => {
        const present = values.flatMap((value, i) => (value === null ? [] : [i]));
        const pick = (list: readonly (number | null)[]) => present.map((i) => list[i] as number);
        return { name, label: x.label, x: pick(x.values), y: pick(values) };
      });
    });
    return [...curves, ...given].map((curve) => ({ ...curve, name: `${title} · ${curve.name}` }));
  });
}

/** Several lines over one axis, which has the places of all. */
function together(lines: readonly { run: string; curve: SharedCurve }[]) {
  const x = [...new Set(lines.flatMap(({ curve }) => curve.x))].sort((a, b) => a - b);
  return {
    label: lines[0]?.curve.label ?? "",
    x,
    lines: lines.map(({ run, curve }) => {
      const values = new Map(curve.x.map((place, i) => [place, curve.y[i] ?? null]));
      return { name: run, values: x.map((place) => values.get(place) ?? null) };
    }),
  };
}

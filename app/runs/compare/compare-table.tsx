"use client";

import { Link2 } from "lucide-react";
import Link from "next/link";
import { memo, type ReactNode, useMemo, useState } from "react";
import type { Outputs } from "../../_trpc/client";
import { Ago } from "../../_ui/ago";
import { duration, elapsed, shortNumber } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import type { Curve } from "../../_ui/curves/axes";
import { SearchField } from "../../_ui/page";
import { StatusMark } from "../../_ui/status";
import { changeOf, goalOf, lastAndBest } from "./goals";

export type Comparison = Outputs["runs"]["compare"];
type Run = Comparison["runs"][number];

// Twelve hues that are told apart on white and on black (after Paul Tol's and Okabe and Ito's sets).
const hues = [
  "#4f8ef7",
  "#e8743b",
  "#3aa76d",
  "#c05bd6",
  "#d9a514",
  "#e0528e",
  "#17a2b8",
  "#8c7ae6",
  "#7f9f2f",
  "#b5651d",
  "#6c7a89",
  "#d64550",
] as const;

/** The colour of a run, by its place among those that are compared. */
export const hueOf = (place: number): string => hues[place % hues.length] ?? hues[0];
export const nameOf = ({ name, number }: Run): string => (number === null ? name : `${name} · run ${number}`);

/** What is shown of each run on one line; `title` is the whole of a cell that may be cut. */
interface Line {
  head: string;
  cells: ReactNode[];
  titles?: string[];
}

interface CompareTableProps {
  comparison: Comparison;
  /** The curves of each run. */
  curves: readonly (readonly Curve[])[];
  /** The run that the others are measured by. */
  baseline: string;
  onBaseline(id: string): void;
  lit: string | undefined;
  onLit(id: string | undefined): void;
}

/** One column for each run. The run that is lit, here or in the curves, stands out. */
export function CompareTable(props: CompareTableProps) {
  const { comparison, curves, baseline, onBaseline, lit, onLit } = props;
  const { runs } = comparison;
  const [search, setSearch] = useState("");
  const ids = runs.map(({ id }) => id);
  const place = Math.max(0, ids.indexOf(baseline));
  const course = useMemo(() => courseLines(runs, place, onBaseline), [runs, place, onBaseline]);
  const fits = ({ head }: Line) => head.toLowerCase().includes(search.trim().toLowerCase());
  const sections = useSections(comparison, curves, place);
  const shown = { ids, lit, onLit };
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      <div className="flex items-center justify-end border-b border-line p-2">
        <SearchField label="Find a row" value={search} onChange={setSearch} />
      </div>
      <div className="overflow-x-auto">
        <table className="w-full">
          <tbody>
            <Lines lines={course} {...shown} />
            {sections.map(([title, all]) => {
              const lines = all.filter(fits);
              return title && (lines.length > 0 || title.startsWith("All")) ? (
                <Section key={title} title={title} span={runs.length + 1}>
                  <Lines lines={lines} {...shown} />
                </Section>
              ) : null;
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}

type TitledLines = readonly [title: string, lines: Line[]];

/** The same lines as long as what they tell is the same: their cells are not drawn again when another run is lit. */
function useSections(
  { runs, parameters }: Comparison,
  curves: CompareTableProps["curves"],
  baseline: number,
): readonly TitledLines[] {
  return useMemo(() => {
    const nodes = parameters.filter(({ param }) => param === "type").map(parameterLine);
    const differing = parameters.filter(({ param }) => param !== "type").map(parameterLine);
    return [
      [nodes.length ? "Nodes that only some have, or that are others" : "", nodes],
      [parameters.length ? "Parameters that differ" : "All parameters are the same", differing],
      ["Numbers", numberLines(runs, baseline)],
      ["Curves, last and best", curveLines(curves, baseline)],
    ];
  }, [runs, parameters, curves, baseline]);
}

/** Which runs they are and how they went. */
function courseLines(runs: readonly Run[], baseline: number, onBaseline: (id: string) => void): Line[] {
  return [
    { head: "Run", cells: runs.map((run, place) => <RunLink key={run.id} run={run} hue={hueOf(place)} />) },
    {
      head: "Baseline",
      cells: runs.map((run, place) => (
        <input
          key={run.id}
          type="radio"
          name="baseline"
          className="accent-[var(--accent)]"
          aria-label={`Measure by ${nameOf(run)}`}
          checked={place === baseline}
          onChange={() => onBaseline(run.id)}
        />
      )),
    },
    { head: "Status", cells: runs.map(({ id, status }) => <StatusMark key={id} status={status} />) },
    { head: "Asked", cells: runs.map(({ id, createdAt }) => <Ago key={id} date={createdAt} />) },
    { head: "Took", cells: runs.map((run) => (run.finishedAt && run.startedAt ? duration(elapsed(run)) : "–")) },
    { head: "On", cells: runs.map(({ provider }) => provider ?? "–") },
  ];
}

function parameterLine({ node, param, values }: Comparison["parameters"][number]): Line {
  const texts = values.map(valueText);
  return { head: param === "type" ? node : `${node} · ${param}`, cells: texts, titles: texts };
}

function numberLines(runs: readonly Run[], baseline: number): Line[] {
  const endpoints = [...new Set(runs.flatMap(({ numbers }) => Object.keys(numbers)))];
  return endpoints.map((endpoint) => ({
    head: endpoint.replace(".", " · "),
    cells: measured(
      runs.map(({ numbers }) => numbers[endpoint]),
      baseline,
      goalOf(endpoint),
    ),
  }));
}

function curveLines(curves: CompareTableProps["curves"], baseline: number): Line[] {
  const names = [...new Set(curves.flatMap((list) => list.map(({ name }) => name)))];
  return names.flatMap((name) => {
    const points = curves.map((list) => {
      const curve = list.find((each) => each.name === name);
      return curve && lastAndBest(curve);
    });
    const lastOnes = points.map((point) => point?.last);
    const best = points.map((point) => point?.best);
    const goal = goalOf(name);
    const lines = [{ head: `${name}, last`, cells: measured(lastOnes, baseline, goal) }];
    return goal ? [...lines, { head: `${name}, best`, cells: measured(best, baseline, goal) }] : lines;
  });
}

/** Numbers with how far they are from the baseline's; the best of all stands out. */
function measured(
  values: readonly (number | undefined)[],
  baseline: number,
  goal: "max" | "min" | undefined,
): ReactNode[] {
  const known = values.filter((value) => value !== undefined);
  const best = goal && known.length > 1 ? Math[goal](...known) : undefined;
  const by = values[baseline];
  return values.map((value, place) => {
    if (value === undefined) return "–";
    const change = by === undefined || place === baseline ? undefined : changeOf(value, by, goal);
    return (
      <span key={place} className="inline-flex items-baseline gap-2">
        <span className={cx(value === best && "font-semibold text-accent")}>{shortNumber(value)}</span>
        {change && <Change {...change} />}
      </span>
    );
  });
}

function Change({ text, isBetter }: { text: string; isBetter: boolean | undefined }) {
  const tone = isBetter === undefined ? "text-ink-3" : isBetter ? "text-good" : "text-bad";
  const meaning = isBetter === undefined ? "" : isBetter ? ", better" : ", worse";
  return (
    <span className={cx("text-xs", tone)} title={`${text} against the baseline${meaning}`}>
      {text}
      {isBetter !== undefined && <span className="sr-only">{meaning}</span>}
    </span>
  );
}

function RunLink({ run, hue }: { run: Run; hue: string }) {
  return (
    <Link
      href={`/runs/${run.id}`}
      prefetch={false}
      className="inline-flex items-center gap-2 font-medium hover:text-accent"
    >
      <span className="size-2.5 shrink-0 rounded-full" style={{ background: hue }} />
      {nameOf(run)}
      <Link2 className="size-3 text-ink-3" aria-hidden />
    </Link>
  );
}

function Section({ title, span, children }: { title: string; span: number; children: ReactNode }) {
  return (
    <>
      <tr>
        <th
          colSpan={span}
          className="border-b border-line bg-sunken px-4 py-1.5 text-left text-xs font-semibold text-ink-2"
        >
          {title}
        </th>
      </tr>
      {children}
    </>
  );
}

interface LinesProps {
  lines: readonly Line[];
  ids: readonly string[];
  lit: string | undefined;
  onLit(id: string | undefined): void;
}

function Lines({ lines, ids, lit, onLit }: LinesProps) {
  return lines.map(({ head, cells, titles }) => (
    <tr key={head} className="border-b border-line last:border-0">
      <th
        scope="row"
        className="sticky left-0 bg-surface py-2 pr-6 pl-4 text-left font-medium whitespace-nowrap text-ink-2"
      >
        {head}
      </th>
      {cells.map((cell, place) => (
        <Cell key={ids[place]} run={ids[place]} title={titles?.[place]} isLit={ids[place] === lit} onLit={onLit}>
          {cell}
        </Cell>
      ))}
    </tr>
  ));
}

interface CellProps {
  run: string | undefined;
  title: string | undefined;
  isLit: boolean;
  onLit(id: string | undefined): void;
  children: ReactNode;
}

/** Drawn again only when something of its own changes: of fifty runs there are hundreds. */
const Cell = memo(function Cell({ run, title, isLit, onLit, children }: CellProps) {
  return (
    <td
      title={title}
      onPointerEnter={() => onLit(run)}
      onPointerLeave={() => onLit(undefined)}
      className={cx("max-w-64 min-w-36 truncate px-3 py-2 tabular-nums", isLit && "bg-sunken")}
    >
      {children}
    </td>
  );
});

function valueText(value: unknown): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

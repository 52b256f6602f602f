"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import type { Outputs } from "../../_trpc/client";
import { Ago } from "../../_ui/ago";
import { duration, elapsed, shortNumber } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import { StatusMark } from "../../_ui/status";

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

/** What is shown of each run on one line. */
interface Line {
  head: string;
  cells: ReactNode[];
}

/** One column for each run. The run that is lit, here or in the curves, stands out. */
export function CompareTable({
  comparison: { runs, parameters },
  lit,
  onLit,
}: {
  comparison: Comparison;
  lit: string | undefined;
  onLit(id: string | undefined): void;
}) {
  const ids = runs.map(({ id }) => id);
  const differing = parameters.map(({ node, param, values }) => ({
    head: `${node} · ${param}`,
    cells: values.map(valueText),
  }));
  const numbers = numberLines(runs);
  const shown = { ids, lit, onLit };
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full">
        <tbody>
          <Lines lines={courseLines(runs)} {...shown} />
          <Heading span={runs.length + 1}>
            {parameters.length ? "Parameters that differ" : "All parameters are the same"}
          </Heading>
          <Lines lines={differing} {...shown} />
          {numbers.length > 0 && <Heading span={runs.length + 1}>Numbers</Heading>}
          <Lines lines={numbers} {...shown} />
        </tbody>
      </table>
    </div>
  );
}

/** Which runs they are and how they went. */
function courseLines(runs: readonly Run[]): Line[] {
  return [
    { head: "Run", cells: runs.map((run, place) => <RunLink key={run.id} run={run} hue={hueOf(place)} />) },
    { head: "Status", cells: runs.map(({ id, status }) => <StatusMark key={id} status={status} />) },
    { head: "Asked", cells: runs.map(({ id, createdAt }) => <Ago key={id} date={createdAt} />) },
    { head: "Took", cells: runs.map((run) => (run.finishedAt && run.startedAt ? duration(elapsed(run)) : "–")) },
    { head: "On", cells: runs.map(({ provider }) => provider ?? "–") },
  ];
}

function numberLines(runs: readonly Run[]): Line[] {
  const endpoints = [...new Set(runs.flatMap(({ numbers }) => Object.keys(numbers)))];
  return endpoints.map((endpoint) => ({
    head: endpoint.replace(".", " · "),
    cells: runs.map(({ numbers }) => {
      const number = numbers[endpoint];
      return number === undefined ? "–" : shortNumber(number);
    }),
  }));
}

function RunLink({ run, hue }: { run: Run; hue: string }) {
  return (
    <Link href={`/runs/${run.id}`} className="inline-flex items-center gap-2 font-medium hover:text-accent">
      <span className="size-2.5 shrink-0 rounded-full" style={{ background: hue }} />
      {nameOf(run)}
    </Link>
  );
}

function Heading({ span, children }: { span: number; children: ReactNode }) {
  return (
    <tr>
      <th
        colSpan={span}
        className="border-b border-line bg-sunken px-4 py-1.5 text-left text-xs font-semibold text-ink-2"
      >
        {children}
      </th>
    </tr>
  );
}

function Lines({
  lines,
  ids,
  lit,
  onLit,
}: {
  lines: readonly Line[];
  ids: readonly string[];
  lit: string | undefined;
  onLit(id: string | undefined): void;
}) {
  return lines.map(({ head, cells }) => (
    <tr key={head} className="border-b border-line last:border-0">
      <th
        scope="row"
        className="sticky left-0 bg-surface py-2 pr-6 pl-4 text-left font-medium whitespace-nowrap text-ink-2"
      >
        {head}
      </th>
      {cells.map((cell, place) => (
        <td
          key={ids[place]}
          onPointerEnter={() => onLit(ids[place])}
          onPointerLeave={() => onLit(undefined)}
          className={cx("max-w-64 min-w-36 truncate px-3 py-2 tabular-nums", ids[place] === lit && "bg-sunken")}
        >
          {cell}
        </td>
      ))}
    </tr>
  ));
}

function valueText(value: unknown): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

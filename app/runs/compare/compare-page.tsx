"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode, useMemo, useState } from "react";
import { hasEnded } from "../../_editor/run-state";
import { short } from "../../_editor/previews/numbers";
import { type Outputs, problemOf, useTRPC } from "../../_trpc/client";
import { Complaint } from "../../_ui/page";
import { RunCurves } from "../../_ui/run-curves";
import { Shell } from "../../_ui/shell";
import { StatusMark } from "../../_ui/status";
import { Ago } from "../../_ui/ago";
import { duration } from "../../_ui/amounts";

type Comparison = Outputs["runs"]["compare"];
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
];
const nameOf = (r: Run): string => (r.number === null ? r.name : `${r.name} · run ${r.number}`);

/** Some runs side by side: where their graphs differ, the numbers they gave, and their curves over each other. */
export function ComparePage({ ids }: { ids: string[] }) {
  const trpc = useTRPC();
  const { data, error } = useQuery({
    ...trpc.runs.compare.queryOptions({ ids }),
    enabled: ids.length > 0,
    refetchInterval: ({ state }) => (state.data?.runs.every((r) => hasEnded(r.status)) ? false : 2000),
  });
  return (
    <Shell here="runs">
      <h1 className="text-xl font-semibold tracking-tight">Compare runs</h1>
      {error && (
        <div className="mt-4">
          <Complaint>{problemOf(error).message}</Complaint>
        </div>
      )}
      {(!ids.length || data?.runs.length === 0) && (
        <p className="mt-3 text-ink-2">
          There is nothing to compare. Choose runs in the{" "}
          <Link href="/runs" className="text-accent hover:underline">
            list
          </Link>{" "}
          first.
        </p>
      )}
      {data && data.runs.length > 0 && <Comparing {...data} />}
    </Shell>
  );
}

function Comparing({ runs, parameters }: Comparison) {
  const [lit, setLit] = useState<string>();
  const numbers = [...new Set(runs.flatMap((r) => Object.keys(r.numbers)))];
  const curves = useMemo(
    () =>
      runs.map((r, i) => ({
        id: r.id,
        label: nameOf(r),
        colour: hues[i % hues.length] as string,
        going: !hasEnded(r.status),
      })),
    [runs],
  );
  const row = (head: string, cells: ReactNode[]) => (
    <tr key={head} className="border-b border-line last:border-0">
      <th
        scope="row"
        className="sticky left-0 bg-surface py-2 pr-6 pl-4 text-left font-medium whitespace-nowrap text-ink-2"
      >
        {head}
      </th>
      {cells.map((cell, i) => (
        <td
          key={runs[i]?.id}
          onPointerEnter={() => setLit(runs[i]?.id)}
          onPointerLeave={() => setLit(undefined)}
          className={`max-w-64 min-w-36 truncate px-3 py-2 tabular-nums ${runs[i]?.id === lit ? "bg-sunken" : ""}`}
        >
          {cell}
        </td>
      ))}
    </tr>
  );
  const part = (title: string) => (
    <tr>
      <th
        colSpan={runs.length + 1}
        className="border-b border-line bg-sunken px-4 py-1.5 text-left text-xs font-semibold text-ink-2"
      >
        {title}
      </th>
    </tr>
  );
  return (
    <>
      <div className="mt-4 overflow-x-auto rounded-xl border border-line bg-surface">
        <table className="w-full">
          <tbody>
            {row(
              "Run",
              runs.map((r, i) => (
                <Link
                  key={r.id}
                  href={`/runs/${r.id}`}
                  className="inline-flex items-center gap-2 font-medium hover:text-accent"
                >
                  <span className="size-2.5 shrink-0 rounded-full" style={{ background: hues[i % hues.length] }} />
                  {nameOf(r)}
                </Link>
              )),
            )}
            {row(
              "Status",
              runs.map((r) => <StatusMark key={r.id} status={r.status} />),
            )}
            {row(
              "Asked",
              runs.map((r) => <Ago key={r.id} date={r.createdAt} />),
            )}
            {row(
              "Took",
              runs.map((r) =>
                r.startedAt && r.finishedAt ? duration(r.finishedAt.getTime() - r.startedAt.getTime()) : "–",
              ),
            )}
            {row(
              "On",
              runs.map((r) => r.provider ?? "–"),
            )}
            {part(parameters.length ? "Parameters that differ" : "All parameters are the same")}
            {parameters.map((p) => row(`${p.node} · ${p.param}`, p.values.map(shown)))}
            {numbers.length > 0 && part("Numbers")}
            {numbers.map((n) =>
              row(
                n.replace(".", " · "),
                runs.map((r) => (r.numbers[n] === undefined ? "–" : short(r.numbers[n]))),
              ),
            )}
          </tbody>
        </table>
      </div>
      <RunCurves runs={curves} lit={lit} onLit={setLit} />
    </>
  );
}

const shown = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);

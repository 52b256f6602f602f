"use client";

import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { duration, elapsed, shortNumber } from "../../_ui/amounts";
import { StatusMark } from "../../_ui/status";
import { axisKey, metricLabel, nodeLabel, paramLabel, type Sweep, type Trial, valueLabel } from "../labels";

const column = createColumnHelper<Trial>();

/** The columns of a sweep's runs: one for each parameter that varies, and one for the metric. */
export function trialColumns(sweep: Sweep, colours: ReadonlyMap<string, string>) {
  return [
    column.accessor("number", {
      header: "Run",
      cell: ({ row }) => <NumberCell trial={row.original} colour={colours.get(row.original.id)} />,
    }),
    column.accessor("status", { header: "Status", cell: ({ row }) => <StatusCell trial={row.original} /> }),
    ...sweep.spec.axes.map((axis) =>
      column.accessor((trial) => trial.assignment[axisKey(axis)], {
        id: axisKey(axis),
        header: () => <span title={`${nodeLabel(sweep, axis.node)} · ${axis.param}`}>{paramLabel(sweep, axis)}</span>,
        cell: (cell) => <span className="block max-w-48 truncate">{valueLabel(cell.getValue())}</span>,
      }),
    ),
    column.accessor((trial) => trial.metric ?? undefined, {
      id: "metric",
      header: metricLabel(sweep),
      sortUndefined: "last",
      cell: ({ row }) => <MetricCell trial={row.original} />,
    }),
    column.accessor(elapsed, {
      id: "took",
      header: "Took",
      cell: (cell) => (cell.getValue() ? duration(cell.getValue()) : "–"),
    }),
  ];
}

function NumberCell({ trial: { id, number }, colour = "var(--line)" }: { trial: Trial; colour?: string }) {
  return (
    <Link
      href={`/runs/${id}`}
      prefetch={false}
      className="inline-flex items-center gap-2 font-medium text-accent hover:underline"
    >
      <span className="size-2.5 shrink-0 rounded-full" style={{ background: colour }} />
      {number}
    </Link>
  );
}

function StatusCell({ trial: { status, progress, error } }: { trial: Trial }) {
  return (
    <div className="max-w-64">
      <StatusMark status={status} />
      {progress && (
        <span className="ml-2 text-xs text-ink-3">
          {Math.round((100 * progress.done) / Math.max(1, progress.of))} %
        </span>
      )}
      {error && (
        <p className="mt-0.5 truncate text-xs text-bad" title={`${error.message} ${error.hint ?? ""}`}>
          {error.message}
        </p>
      )}
    </div>
  );
}

function MetricCell({ trial: { metric, provisional } }: { trial: Trial }) {
  if (metric === null) return "–";
  return provisional ? (
    <i className="text-ink-3">{shortNumber(metric)} so far</i>
  ) : (
    <b className="font-semibold">{shortNumber(metric)}</b>
  );
}

"use client";

import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useState } from "react";
import { short } from "../_editor/previews/numbers";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { DataTable } from "../_ui/data-table";
import { Complaint, SearchField } from "../_ui/page";
import { Shell } from "../_ui/shell";
import { StatusMark } from "../_ui/status";
import { Ago } from "../_ui/ago";
import { metricLabel, paramLabel } from "./labels";
import { RunsBar } from "./runs-bar";

type Row = Outputs["sweeps"]["list"][number];
const column = createColumnHelper<Row>();
const varied = (s: Row): string => s.spec.axes.map((a) => paramLabel(s, a)).join(" × ");
const columns = [
  column.accessor((s) => `${s.name} ${varied(s)}`, {
    id: "name",
    header: "Graph",
    cell: ({ row: { original: s } }) => (
      <Link href={`/sweeps/${s.id}`} className="block min-w-0">
        <span className="block truncate font-medium">{s.name}</span>
        <span className="block truncate text-xs text-ink-3">{varied(s)}</span>
      </Link>
    ),
  }),
  column.accessor("status", { header: "Status", cell: (c) => <StatusMark status={c.getValue()} /> }),
  column.display({
    id: "runs",
    header: "Runs",
    cell: ({ row: { original: s } }) => (
      <div className="w-36">
        <RunsBar runs={s.runs} />
      </div>
    ),
  }),
  column.accessor("best", {
    header: "Best",
    sortUndefined: "last",
    cell: ({ row: { original: s } }) =>
      s.best === null ? (
        "–"
      ) : (
        <span>
          <b className="font-semibold">{short(s.best)}</b> <span className="text-xs text-ink-3">{metricLabel(s)}</span>
        </span>
      ),
  }),
  column.accessor("createdAt", { header: "Started", cell: (c) => <Ago date={c.getValue()} /> }),
];

/** Every sweep, newest first, kept up to date. */
export function SweepsPage() {
  const trpc = useTRPC();
  const [filter, setFilter] = useState("");
  const sweeps = useQuery({ ...trpc.sweeps.list.queryOptions(), refetchInterval: 3000 });
  return (
    <Shell here="sweeps">
      <div className="mb-4 flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Sweeps</h1>
        <SearchField label="Find a sweep" value={filter} onChange={setFilter} />
      </div>
      {sweeps.error && <Complaint>{problemOf(sweeps.error).message}</Complaint>}
      {sweeps.data && (
        <DataTable
          rows={sweeps.data}
          columns={columns}
          sorted={{ id: "createdAt", desc: true }}
          filter={filter}
          empty="No sweeps yet. Open a graph, and choose Sweep parameters beside Run."
        />
      )}
    </Shell>
  );
}

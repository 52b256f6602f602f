"use client";

import { useQuery } from "@tanstack/react-query";
import { createColumnHelper, flexRender, getCoreRowModel, getFilteredRowModel, getSortedRowModel, type SortingState, useReactTable } from "@tanstack/react-table";
import { ArrowDown, ArrowUp, Search } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { PublicError, RunStatus } from "#nodes/graph/events";
import { problemOf, useTRPC } from "../_trpc/client";
import { Shell } from "../_ui/shell";
import { StatusMark } from "../_ui/status";
import { ago, duration } from "../_ui/amounts";

interface Row {
  id: string;
  name: string;
  status: RunStatus;
  provider: string | null;
  attempt: number;
  error: PublicError | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}
const column = createColumnHelper<Row>();
const took = (r: Row): number => (r.startedAt ? (r.finishedAt ?? new Date()).getTime() - r.startedAt.getTime() : 0);
const columns = [
  column.accessor("name", { header: "Graph", cell: ({ row: { original: r } }) => (
    <Link href={`/runs/${r.id}`} className="block min-w-0">
      <span className="block truncate font-medium">{r.name}</span>
      {r.error && <span className="block truncate text-xs text-bad">{r.error.message}</span>}
    </Link>
  ) }),
  column.accessor("status", { header: "Status", cell: (c) => <StatusMark status={c.getValue()} /> }),
  column.accessor("createdAt", { header: "Asked", cell: (c) => <time dateTime={c.getValue().toISOString()} title={c.getValue().toLocaleString()}>{ago(c.getValue())}</time> }),
  column.accessor(took, { id: "took", header: "Took", cell: (c) => (c.getValue() ? duration(c.getValue()) : "–") }),
  column.accessor("provider", { header: "On", cell: (c) => c.getValue() ?? "–" }),
  column.accessor("attempt", { header: "Attempts" }),
];

/** Every run, newest first, kept up to date. */
export function RunsPage() {
  const trpc = useTRPC(), [sorting, setSorting] = useState<SortingState>([{ id: "createdAt", desc: true }]), [filter, setFilter] = useState("");
  const runs = useQuery({ ...trpc.runs.list.queryOptions({}), refetchInterval: 3000 });
  const table = useReactTable({ data: (runs.data ?? []) as Row[], columns, state: { sorting, globalFilter: filter }, onSortingChange: setSorting, onGlobalFilterChange: setFilter, getCoreRowModel: getCoreRowModel(), getSortedRowModel: getSortedRowModel(), getFilteredRowModel: getFilteredRowModel() });
  return (
    <Shell here="runs">
      <div className="flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Runs</h1>
        <label className="relative w-64">
          <Search className="absolute top-2 left-2 size-4 text-ink-3" aria-hidden />
          <input className="field !pl-8" placeholder="Find a run" value={filter} onChange={(e) => setFilter(e.target.value)} aria-label="Find a run" />
        </label>
      </div>
      {runs.error && <p className="mt-4 rounded-lg border border-line bg-bad-soft p-3 text-bad">{problemOf(runs.error).message}</p>}
      <div className="mt-4 overflow-x-auto rounded-xl border border-line bg-surface">
        <table className="w-full text-left">
          <thead className="border-b border-line text-xs text-ink-2">
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((h) => (
                  <th key={h.id} className="px-4 py-2 font-medium">
                    <button type="button" className="inline-flex items-center gap-1 hover:text-ink" onClick={h.column.getToggleSortingHandler()}>
                      {flexRender(h.column.columnDef.header, h.getContext())}
                      {h.column.getIsSorted() === "asc" && <ArrowUp className="size-3" aria-hidden />}
                      {h.column.getIsSorted() === "desc" && <ArrowDown className="size-3" aria-hidden />}
                    </button>
                  </th>
                ))}
              </tr>
            ))}
          </thead>
          <tbody>
            {table.getRowModel().rows.map((row) => (
              <tr key={row.id} className="border-b border-line last:border-0 hover:bg-sunken">
                {row.getVisibleCells().map((cell) => <td key={cell.id} className="max-w-md px-4 py-2.5 tabular-nums">{flexRender(cell.column.columnDef.cell, cell.getContext())}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
        {runs.data?.length === 0 && <p className="p-6 text-center text-ink-2">No runs yet. Open a graph and press Run.</p>}
      </div>
    </Shell>
  );
}

"use client";

import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useState } from "react";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { duration, elapsed } from "../_ui/amounts";
import { CompareButton } from "../_ui/compare-button";
import { DataTable } from "../_ui/data-table";
import { Complaint, SearchField } from "../_ui/page";
import { Shell } from "../_ui/shell";
import { StatusMark } from "../_ui/status";

type Run = Outputs["runs"]["list"][number];

const column = createColumnHelper<Run>();
const columns = [
  column.accessor("name", { header: "Graph", cell: ({ row }) => <NameCell run={row.original} /> }),
  column.accessor("status", { header: "Status", cell: (cell) => <StatusMark status={cell.getValue()} /> }),
  column.accessor("createdAt", { header: "Asked", cell: (cell) => <Ago date={cell.getValue()} /> }),
  column.accessor(elapsed, {
    id: "took",
    header: "Took",
    cell: (cell) => (cell.getValue() ? duration(cell.getValue()) : "–"),
  }),
  column.accessor("provider", { header: "On", cell: (cell) => cell.getValue() ?? "–" }),
  column.accessor("attempt", { header: "Attempts" }),
];

/** Every run that was asked for by itself, newest first, kept up to date. Those that are ticked can be compared. */
export function RunsPage() {
  const trpc = useTRPC();
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const runs = useQuery({ ...trpc.runs.list.queryOptions({}), refetchInterval: 3000 });
  return (
    <Shell here="runs">
      <div className="mb-4 flex h-8 items-center gap-4">
        <h1 className="mr-auto text-xl font-semibold tracking-tight">Runs</h1>
        <CompareButton ids={chosen} />
        <SearchField label="Find a run" value={filter} onChange={setFilter} />
      </div>
      {runs.error && <Complaint>{problemOf(runs.error).message}</Complaint>}
      {runs.data && (
        <DataTable
          rows={runs.data}
          columns={columns}
          sorted={{ id: "createdAt", desc: true }}
          filter={filter}
          empty="No runs yet. Open a graph and press Run."
          chosen={{ ids: chosen, set: setChosen }}
        />
      )}
    </Shell>
  );
}

function NameCell({ run: { id, name, error } }: { run: Run }) {
  return (
    <Link href={`/runs/${id}`} className="block min-w-0">
      <span className="block truncate font-medium">{name}</span>
      {error && (
        <span className="block truncate text-xs text-bad" title={error.hint}>
          {error.message}
        </span>
      )}
    </Link>
  );
}

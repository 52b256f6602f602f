"use client";

import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useState } from "react";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { shortNumber } from "../_ui/amounts";
import { DataTable } from "../_ui/data-table";
import { Complaint, SearchField } from "../_ui/page";
import { Shell } from "../_ui/shell";
import { StatusMark } from "../_ui/status";
import { metricLabel, paramLabel } from "./labels";
import { RunsBar } from "./runs-bar";

type Sweep = Outputs["sweeps"]["list"][number];

const variedParameters = (sweep: Sweep): string => sweep.spec.axes.map((axis) => paramLabel(sweep, axis)).join(" × ");

const column = createColumnHelper<Sweep>();
const columns = [
  column.accessor((sweep) => `${sweep.name} ${variedParameters(sweep)}`, {
    id: "name",
    header: "Graph",
    cell: ({ row }) => <NameCell sweep={row.original} />,
  }),
  column.accessor("status", { header: "Status", cell: (cell) => <StatusMark status={cell.getValue()} /> }),
  column.display({
    id: "runs",
    header: "Runs",
    cell: ({ row }) => (
      <div className="w-36">
        <RunsBar runs={row.original.runs} />
      </div>
    ),
  }),
  column.accessor("best", {
    header: "Best",
    sortUndefined: "last",
    cell: ({ row }) => <BestCell sweep={row.original} />,
  }),
  column.accessor("createdAt", { header: "Started", cell: (cell) => <Ago date={cell.getValue()} /> }),
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

function NameCell({ sweep }: { sweep: Sweep }) {
  return (
    <Link href={`/sweeps/${sweep.id}`} className="block min-w-0">
      <span className="block truncate font-medium">{sweep.name}</span>
      <span className="block truncate text-xs text-ink-3">{variedParameters(sweep)}</span>
    </Link>
  );
}

function BestCell({ sweep }: { sweep: Sweep }) {
  if (sweep.best === null) return "–";
  return (
    <span>
      <b className="font-semibold">{shortNumber(sweep.best)}</b>{" "}
      <span className="text-xs text-ink-3">{metricLabel(sweep)}</span>
    </span>
  );
}

"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useState } from "react";
import { toast } from "../_ui/toast";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { shortNumber } from "../_ui/amounts";
import { Button } from "../_ui/button";
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

/** A sweep that cannot be read is listed all the same, to be deleted. */
function BrokenCell({ sweep: { id, name, broken } }: { sweep: Sweep }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const remove = useMutation(
    trpc.sweeps.remove.mutationOptions({
      onSuccess: () => void queries.invalidateQueries({ queryKey: trpc.sweeps.list.queryKey() }),
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (
    <div className="flex min-w-0 items-center gap-3" data-broken>
      <div className="min-w-0 flex-1">
        <span className="block truncate font-medium text-ink-2">{name}</span>
        <span className="block text-xs wrap-anywhere text-bad">This sweep cannot be read: {broken}</span>
      </div>
      <Button size="s" look="danger" aria-label={`Delete ${name}`} onClick={() => remove.mutate({ id })}>
        Delete
      </Button>
    </div>
  );
}

function NameCell({ sweep }: { sweep: Sweep }) {
  if (sweep.broken !== undefined) return <BrokenCell sweep={sweep} />;
  return (
    <Link href={`/sweeps/${sweep.id}`} className="block min-w-0">
      <span className="block truncate font-medium">{sweep.name}</span>
      {sweep.broken ? (
        <span className="block truncate text-xs text-bad" title={sweep.broken}>
          This sweep cannot be read: {sweep.broken}
        </span>
      ) : (
        <span className="block truncate text-xs text-ink-3">{variedParameters(sweep)}</span>
      )}
    </Link>
  );
}

function BestCell({ sweep }: { sweep: Sweep }) {
  if (sweep.best === null || sweep.broken) return "–";
  return (
    <span>
      <b className="font-semibold">{shortNumber(sweep.best)}</b>{" "}
      <span className="text-xs text-ink-3">{metricLabel(sweep)}</span>
    </span>
  );
}

"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Columns3 } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { problemOf, useTRPC } from "../_trpc/client";
import { countOf } from "../_ui/amounts";
import { Complaint } from "../_ui/page";
import { NamesMenu } from "../_ui/names-menu";
import { Shell } from "../_ui/shell";
import { ChosenActions } from "./chosen-actions";
import { FilterBar } from "./filter-bar";
import { RunsTable } from "./runs-table";
import { type RunFilter, type RunOrder, useRunListActions, useRuns } from "./use-runs";

/** Numbers that have a column before anybody chose some. */
const shownAtFirst = 2;

/** Every run that was asked for by itself. Those that are ticked can be compared, tagged and deleted. */
export function RunsPage() {
  const trpc = useTRPC();
  const [filter, setFilter] = useState<RunFilter>({});
  const [order, setOrder] = useState<RunOrder>({ by: "createdAt", descending: true });
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [columns, setColumns] = useState<string[]>();
  const facets = useQuery({ ...trpc.runs.facets.queryOptions(), placeholderData: keepPreviousData }).data;
  const runs = useRuns(useDeferredValue(filter), order);
  const actions = useRunListActions();
  const numbers = columns ?? facets?.numbers.slice(0, shownAtFirst) ?? [];
  const isFiltered = Object.values(filter).some((part) => (Array.isArray(part) ? part.length : part));
  return (
    <Shell here="runs">
      <div className="mb-4 flex h-8 items-center gap-3">
        <h1 className="text-xl font-semibold tracking-tight">Runs</h1>
        {runs.total !== undefined && <span className="mr-auto text-ink-3">{countOf(runs.total, "run")}</span>}
        <ChosenActions rows={runs.rows} chosen={chosen} actions={actions} onDone={() => setChosen(new Set())} />
        <NamesMenu
          label="Columns"
          icon={Columns3}
          names={facets?.numbers ?? []}
          shown={numbers}
          onChange={setColumns}
          textOf={(name) => name.replace(".", " · ")}
        />
      </div>
      <FilterBar filter={filter} facets={facets} onChange={setFilter} />
      {runs.error ? <Complaint>{problemOf(runs.error).message}</Complaint> : null}
      {runs.isFirst ? (
        <div className="h-80 animate-pulse rounded-xl border border-line bg-surface" aria-hidden />
      ) : (
        <RunsTable
          rows={runs.rows}
          filter={filter}
          numbers={numbers}
          order={order}
          onOrder={setOrder}
          chosen={chosen}
          onChoose={setChosen}
          actions={actions}
          onEnd={runs.more}
          empty={isFiltered ? "No run fits." : "No runs yet. Open a graph and press Run."}
        />
      )}
    </Shell>
  );
}

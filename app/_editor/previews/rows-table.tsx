"use client";

import { useQueries } from "@tanstack/react-query";
import { useRef } from "react";
import { type Outputs, useTRPC } from "../../_trpc/client";
import { countOf, shortNumber } from "../../_ui/amounts";
import { RowRoom } from "../../_ui/row-room";
import { useWindowed } from "../../_ui/windowed";
import { blobUrl } from "../upload";

type Table = NonNullable<Outputs["runs"]["table"]>;
type Column = Table["columns"][number];

/** Rows are asked for by pages of so many. */
const pageRows = 200;
const rowHeight = 30;

/** What a node gave, row by row: of any number of rows only those in sight are asked for and drawn. */
export function RowsTable({ run, node }: { run: string; node: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const first = usePages(run, node, [0]).get(0);
  const total = first?.total ?? 0;
  const { start, end } = useWindowed(scroller, total, rowHeight);
  const rows = Array.from({ length: Math.max(0, Math.min(end, total) - start) }, (_, i) => start + i);
  const pages = usePages(run, node, [...new Set(rows.map(pageOf))]);
  const columns = first?.columns ?? [];
  if (!total || !columns.length) return null;
  return (
    <section aria-label="Rows" data-rows={total}>
      <h3 className="mb-1.5 text-xs font-medium text-ink-2">{countOf(total, "row")}</h3>
      <div ref={scroller} className="max-h-96 overflow-auto rounded-lg border border-line">
        <table className="w-full table-fixed text-left text-xs" aria-rowcount={total}>
          <thead className="sticky top-0 z-10 bg-raised text-2xs text-ink-3">
            <tr>
              <th className="w-16 border-b border-line px-2 py-1 font-medium">row</th>
              {columns.map(({ port }) => (
                <th key={port} className="border-b border-line px-2 py-1 font-medium">
                  {port}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <RowRoom height={start * rowHeight} />
            {rows.map((row) => (
              <tr key={row} aria-rowindex={row + 1} className="border-b border-line" style={{ height: rowHeight }}>
                <td className="px-2 text-ink-3 tabular-nums">{row}</td>
                <Cells table={pages.get(pageOf(row))} row={row} width={columns.length} />
              </tr>
            ))}
            <RowRoom height={(total - end) * rowHeight} />
          </tbody>
        </table>
      </div>
    </section>
  );
}

const pageOf = (row: number): number => Math.floor(row / pageRows);

/** Pages of the table that have come. A run's results never change. */
function usePages(run: string, node: string, wanted: readonly number[]): Map<number, Table> {
  const trpc = useTRPC();
  const results = useQueries({
    queries: wanted.map((page) =>
      trpc.runs.table.queryOptions(
        { id: run, node, from: page * pageRows, count: pageRows },
        { staleTime: Number.POSITIVE_INFINITY },
      ),
    ),
  });
  return new Map(results.flatMap(({ data }, i): [number, Table][] => (data ? [[wanted[i] ?? 0, data]] : [])));
}

function Cells({ table, row, width }: { table: Table | undefined; row: number; width: number }) {
  if (!table) {
    return (
      <td colSpan={width} className="px-2">
        <span className="skeleton block h-3" />
      </td>
    );
  }
  return table.columns.map((column) => (
    <td key={column.port} className="truncate px-2">
      <Cell column={column} place={row - table.from} />
    </td>
  ));
}

function Cell({ column, place }: { column: Column; place: number }) {
  if (column.type === "text") return <span title={column.cells[place]}>{column.cells[place]}</span>;
  if (column.type === "tensor") {
    const numbers = column.cells[place] ?? [];
    const more = column.width > numbers.length ? " …" : "";
    return <span className="font-mono text-2xs">{numbers.map(shortNumber).join("  ") + more}</span>;
  }
  const { ref, name } = column.cells[place] ?? {};
  return (
    <span className="flex items-center gap-2">
      {ref && <img src={blobUrl(ref)} alt="" loading="lazy" className="size-6 rounded bg-white object-contain" />}
      <span className="truncate">{name ?? "–"}</span>
    </span>
  );
}

"use client";

import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getFilteredRowModel,
  getSortedRowModel,
  type Header,
  type Row,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, useCallback, useRef, useState } from "react";
import { cx } from "./cx";

export interface DataTableProps<T extends { id: string }> {
  rows: readonly T[];
  // biome-ignore lint/suspicious/noExplicitAny: a column's value type is known to its column alone
  columns: ColumnDef<T, any>[];
  sorted: { id: string; desc: boolean };
  /** Keeps rows that hold this text. */
  filter?: string;
  /** Said when there are no rows at all. */
  empty: string;
  /** Rows that are ticked; with it each row has a box. */
  chosen?: { ids: ReadonlySet<string>; set(ids: Set<string>): void };
  lit?: { id: string | undefined; set(id: string | undefined): void };
  /** A row that stands out. */
  best?: string;
}

/** A table that sorts by its headers. */
export function DataTable<T extends { id: string }>(props: DataTableProps<T>) {
  const { rows, columns, filter, empty, chosen, lit, best } = props;
  const [sorting, setSorting] = useState<SortingState>([props.sorted]);
  const table = useReactTable({
    data: rows as T[],
    columns,
    state: { sorting, globalFilter: filter },
    onSortingChange: setSorting,
    getRowId: (row) => row.id,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    getFilteredRowModel: getFilteredRowModel(),
  });
  const shown = table.getRowModel().rows;
  const toggle = useToggle(chosen);
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full text-left">
        <thead className="border-b border-line text-xs text-ink-2">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {chosen && <th className="w-9" />}
              {group.headers.map((header) => (
                <HeaderCell key={header.id} header={header} />
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {shown.map((row) => (
            <RowView
              key={row.id}
              row={row}
              best={row.id === best}
              lit={row.id === lit?.id}
              onLit={lit?.set}
              chosen={chosen?.ids.has(row.id)}
              onChoose={toggle}
            />
          ))}
        </tbody>
      </table>
      {!shown.length && <p className="p-6 text-center text-ink-2">{rows.length ? "No row holds that." : empty}</p>}
    </div>
  );
}

/** Ticks a row or takes its tick away; the same function as long as the table lives, so that no row is drawn for it. */
function useToggle(chosen: DataTableProps<{ id: string }>["chosen"]): (id: string) => void {
  const latest = useRef(chosen);
  latest.current = chosen;
  return useCallback((id) => {
    const ids = new Set(latest.current?.ids);
    if (!ids.delete(id)) ids.add(id);
    latest.current?.set(ids);
  }, []);
}

function HeaderCell<T>({ header }: { header: Header<T, unknown> }) {
  const { column } = header;
  const text = flexRender(column.columnDef.header, header.getContext());
  const order = column.getIsSorted();
  return (
    <th
      className="px-4 py-2 font-medium whitespace-nowrap"
      aria-sort={order ? (`${order}ending` as "ascending" | "descending") : undefined}
    >
      {column.getCanSort() ? (
        <button
          type="button"
          className="inline-flex items-center gap-1 hover:text-ink"
          onClick={column.getToggleSortingHandler()}
        >
          {text}
          {order === "asc" && <ArrowUp className="size-3" aria-hidden />}
          {order === "desc" && <ArrowDown className="size-3" aria-hidden />}
        </button>
      ) : (
        text
      )}
    </th>
  );
}

interface RowProps {
  // biome-ignore lint/suspicious/noExplicitAny: rows of any table
  row: Row<any>;
  best: boolean;
  lit: boolean;
  onLit?(id: string | undefined): void;
  chosen?: boolean;
  onChoose(id: string): void;
}
/** Drawn again only when something of its own changes: a sweep has a thousand. */
const RowView = memo(function RowView({ row, best, lit, onLit, chosen, onChoose }: RowProps) {
  const ground = lit ? "bg-sunken" : "hover:bg-sunken";
  return (
    <tr
      data-best={best || undefined}
      onPointerEnter={() => onLit?.(row.id)}
      onPointerLeave={() => onLit?.(undefined)}
      className={cx("border-b border-line last:border-0", best ? "bg-accent-soft" : ground)}
    >
      {chosen !== undefined && (
        <td className="pl-4">
          <input
            type="checkbox"
            className="block size-3.5 accent-[var(--accent)]"
            aria-label={`Choose row ${row.index + 1}`}
            checked={chosen}
            onChange={() => onChoose(row.id)}
          />
        </td>
      )}
      {row.getVisibleCells().map((cell) => (
        <td key={cell.id} className="max-w-md px-4 py-2.5 tabular-nums">
          {flexRender(cell.column.columnDef.cell, cell.getContext())}
        </td>
      ))}
    </tr>
  );
});

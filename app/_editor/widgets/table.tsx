"use client";

import { ChevronRight, Maximize2, Plus } from "lucide-react";
import { type FC, lazy, Suspense, useState } from "react";
import type { Widget } from "#nodes/core/node";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import { type Row, rowsOf, summary } from "./rows";
import { Cell, RowButtons, type TableProps } from "./table-parts";
import { useRows } from "./use-rows";
import type { WidgetProps } from "./widget-props";

const TableWindow = lazy(async () => ({ default: (await import("./table-window")).TableWindow }));

/**
 * Rows of fields: each a card that says in a line what it holds and opens to be edited; or all of them as a table in a
 * window. Its cells are widgets again, which `viewOf` gives by their kind.
 */
export function tableOf(viewOf: (kind: Widget) => FC<WidgetProps>): FC<WidgetProps> {
  return function TableWidget({ id, field, value, onChange, disabled }) {
    const rows = rowsOf(value);
    const edits = useRows(rows, field, onChange);
    const [isWide, setIsWide] = useState(false);
    const isFull = rows.length >= (field.maxRows ?? Number.POSITIVE_INFINITY);
    const table: TableProps = { id, field, rows, edits, isFull, disabled, viewOf };
    return (
      <div>
        <ol className="flex flex-col gap-1.5">
          {rows.map((row, place) => (
            <RowCard key={place} table={table} row={row} place={place} />
          ))}
        </ol>
        <Below table={table} onWide={() => setIsWide(true)} />
        {isWide && (
          <Suspense>
            <TableWindow table={table} onClose={() => setIsWide(false)} />
          </Suspense>
        )}
      </div>
    );
  };
}

function RowCard({ table, row, place }: { table: TableProps; row: Row; place: number }) {
  const { field, edits, disabled } = table;
  const isOpen = edits.open === place;
  const text = summary(field.columns, row);
  return (
    <li className="rounded-lg border border-line-strong bg-surface">
      <div className="flex items-center pr-1">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => edits.toggle(place)}
          className="flex min-w-0 flex-1 items-center gap-1.5 py-1.5 pl-1.5 text-left"
        >
          <ChevronRight className={cx("size-3.5 shrink-0 text-ink-3 transition", isOpen && "rotate-90")} aria-hidden />
          <span
            className={cx(
              "flex size-4.5 shrink-0 items-center justify-center rounded bg-sunken",
              "text-2xs font-semibold text-ink-2",
            )}
          >
            {place + 1}
          </span>
          <span className="truncate text-xs text-ink-2" title={text}>
            {text || "empty"}
          </span>
        </button>
        {!disabled && <RowButtons table={table} place={place} />}
      </div>
      {isOpen && <RowForm table={table} row={row} place={place} />}
    </li>
  );
}

function RowForm({ table, row, place }: { table: TableProps; row: Row; place: number }) {
  return (
    <div className="flex flex-col gap-2 border-t border-line p-2">
      {table.field.columns.map((column) => {
        const id = `${table.id}-${place}-${column.name}`;
        return (
          <div key={column.name}>
            <label htmlFor={id} className="mb-0.5 block text-2xs font-medium text-ink-2">
              {column.label}
            </label>
            <Cell id={id} table={table} column={column} row={row} place={place} />
            {column.description && <p className="mt-0.5 text-2xs text-ink-3">{column.description}</p>}
          </div>
        );
      })}
    </div>
  );
}

function Below({ table: { rows, edits, isFull, disabled }, onWide }: { table: TableProps; onWide(): void }) {
  const isEmpty = rows.length === 0;
  return (
    <div className="mt-1.5 flex items-center justify-between">
      {isEmpty && disabled ? (
        <p className="text-ink-3">No rows</p>
      ) : (
        <Button size="s" look={isEmpty ? "plain" : "quiet"} disabled={disabled || isFull} onClick={edits.add}>
          <Plus className="size-3.5" aria-hidden />
          Add row
        </Button>
      )}
      {!isEmpty && (
        <Button size="s" look="quiet" onClick={onWide}>
          <Maximize2 className="size-3.5" aria-hidden />
          {disabled ? "Show as table" : "Edit as table"}
        </Button>
      )}
    </div>
  );
}

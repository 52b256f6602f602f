"use client";

import { Plus } from "lucide-react";
import { Button } from "../../_ui/button";
import { Window } from "../../_ui/window";
import { Cell, RowButtons, type TableProps } from "./table-parts";

/** All rows of a table parameter, one column for each field, in a window of its own. */
export function TableWindow({ table, onClose }: { table: TableProps; onClose(): void }) {
  const { columns, label } = table.field;
  return (
    <Window
      title={label}
      width={Math.max(520, 130 + 150 * columns.length)}
      onClose={onClose}
      footer={<Footer table={table} onClose={onClose} />}
    >
      <div className="group cells overflow-x-auto">
        <table className="w-full text-left">
          <thead className="text-xs text-ink-2">
            <tr>
              <th className="w-8" />
              {columns.map((column) => (
                <th key={column.name} className="px-1 pb-1.5 font-medium" title={column.description}>
                  {column.label}
                </th>
              ))}
              <th />
            </tr>
          </thead>
          <tbody>
            {table.rows.map((_, place) => (
              <TableRow key={place} table={table} place={place} />
            ))}
          </tbody>
        </table>
      </div>
    </Window>
  );
}

function TableRow({ table, place }: { table: TableProps; place: number }) {
  const row = table.rows[place] ?? {};
  return (
    <tr>
      <td className="text-xs font-semibold text-ink-3 tabular-nums">{place + 1}</td>
      {table.field.columns.map((column) => (
        <td key={column.name} className="min-w-28 px-1 py-1">
          <Cell id={`${table.id}-wide-${place}-${column.name}`} table={table} column={column} row={row} place={place} />
        </td>
      ))}
      <td className="w-20">{!table.disabled && <RowButtons table={table} place={place} />}</td>
    </tr>
  );
}

function Footer({ table: { edits, isFull, disabled }, onClose }: { table: TableProps; onClose(): void }) {
  return (
    <>
      <Button disabled={disabled || isFull} onClick={edits.add}>
        <Plus className="size-4" aria-hidden />
        Add row
      </Button>
      <Button look="primary" className="ml-auto" onClick={onClose}>
        Done
      </Button>
    </>
  );
}

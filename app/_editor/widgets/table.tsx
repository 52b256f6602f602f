"use client";

import { ArrowDown, ArrowUp, ChevronRight, Maximize2, Plus, X } from "lucide-react";
import { type FC, useState } from "react";
import type { Widget } from "#nodes/core/node";
import { Button, IconButton } from "../../_ui/button";
import { Window } from "../../_ui/window";
import type { Field } from "./describe";
import type { WidgetProps } from "./index";
import { blankRow, movedRow, type Row, rowsOf, summary, withCell } from "./rows";

type ViewOf = (kind: Widget) => FC<WidgetProps>;
/** Rows of fields: each a card that says in a line what it holds and opens to be edited; or all of them as a table in a window. Its cells are widgets again. */
export const tableOf = (viewOf: ViewOf): FC<WidgetProps> =>
  function TableWidget({ id, field, value, onChange, disabled }) {
    const rows = rowsOf(value);
    const [open, setOpen] = useState<number>();
    const [wide, setWide] = useState(false);
    const edits = {
      cell: (at: number, column: string, v: Parameters<typeof withCell>[3], part = "") =>
        onChange(withCell(rows, at, column, v), `${at}.${column}${part}`),
      add() {
        onChange([...rows, blankRow(field.columns)], `add ${rows.length}`);
        setOpen(rows.length);
      },
      remove(at: number) {
        onChange(
          rows.filter((_, i) => i !== at),
          `remove ${rows.length}`,
        );
        setOpen(undefined);
      },
      move(at: number, by: -1 | 1) {
        onChange(movedRow(rows, at, by), `move ${at} ${by}`);
        setOpen(open === at ? at + by : open === at + by ? at : open);
      },
    };
    const isFull = rows.length >= (field.maxRows ?? Number.POSITIVE_INFINITY);
    return (
      <div>
        <ol className="flex flex-col gap-1.5">
          {rows.map((row, i) => (
            <li key={i} className="rounded-lg border border-line-strong bg-surface">
              <div className="flex items-center pr-1">
                <button
                  type="button"
                  aria-expanded={open === i}
                  onClick={() => setOpen(open === i ? undefined : i)}
                  className="flex min-w-0 flex-1 items-center gap-1.5 py-1.5 pl-1.5 text-left"
                >
                  <ChevronRight
                    className={`size-3.5 shrink-0 text-ink-3 transition ${open === i ? "rotate-90" : ""}`}
                    aria-hidden
                  />
                  <span className="flex size-4.5 shrink-0 items-center justify-center rounded bg-sunken text-[11px] font-semibold text-ink-2">
                    {i + 1}
                  </span>
                  <span className="truncate text-xs text-ink-2" title={summary(field.columns, row)}>
                    {summary(field.columns, row) || "empty"}
                  </span>
                </button>
                {!disabled && <RowButtons label={field.label} at={i} of={rows.length} {...edits} />}
              </div>
              {open === i && (
                <div className="flex flex-col gap-2 border-t border-line p-2">
                  {field.columns.map((column) => (
                    <div key={column.name}>
                      <label
                        htmlFor={`${id}-${i}-${column.name}`}
                        className="mb-0.5 block text-[11px] font-medium text-ink-2"
                      >
                        {column.label}
                      </label>
                      <Cell
                        id={`${id}-${i}-${column.name}`}
                        {...{ column, row, disabled, viewOf }}
                        onChange={(v, part) => edits.cell(i, column.name, v, part)}
                      />
                      {column.description && <p className="mt-0.5 text-[11px] text-ink-3">{column.description}</p>}
                    </div>
                  ))}
                </div>
              )}
            </li>
          ))}
        </ol>
        <div className="mt-1.5 flex items-center justify-between">
          {rows.length > 0 || !disabled ? (
            <Button size="s" look={rows.length ? "quiet" : "plain"} disabled={disabled || isFull} onClick={edits.add}>
              <Plus className="size-3.5" aria-hidden />
              Add row
            </Button>
          ) : (
            <p className="text-ink-3">No rows</p>
          )}
          {rows.length > 0 && (
            <Button size="s" look="quiet" onClick={() => setWide(true)}>
              <Maximize2 className="size-3.5" aria-hidden />
              {disabled ? "Show as table" : "Edit as table"}
            </Button>
          )}
        </div>
        {wide && (
          <Window
            title={field.label}
            width={Math.max(520, 130 + 150 * field.columns.length)}
            onClose={() => setWide(false)}
            footer={
              <>
                <Button disabled={disabled || isFull} onClick={edits.add}>
                  <Plus className="size-4" aria-hidden />
                  Add row
                </Button>
                <Button look="primary" className="ml-auto" onClick={() => setWide(false)}>
                  Done
                </Button>
              </>
            }
          >
            <div className="group cells overflow-x-auto">
              <table className="w-full text-left">
                <thead className="text-xs text-ink-2">
                  <tr>
                    <th className="w-8" />
                    {field.columns.map((c) => (
                      <th key={c.name} className="px-1 pb-1.5 font-medium" title={c.description}>
                        {c.label}
                      </th>
                    ))}
                    <th />
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row, i) => (
                    <tr key={i}>
                      <td className="text-xs font-semibold text-ink-3 tabular-nums">{i + 1}</td>
                      {field.columns.map((column) => (
                        <td key={column.name} className="min-w-28 px-1 py-1">
                          <Cell
                            id={`${id}-wide-${i}-${column.name}`}
                            {...{ column, row, disabled, viewOf }}
                            onChange={(v, part) => edits.cell(i, column.name, v, part)}
                          />
                        </td>
                      ))}
                      <td className="w-20">
                        {!disabled && <RowButtons label={field.label} at={i} of={rows.length} {...edits} />}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </Window>
        )}
      </div>
    );
  };

function Cell({
  id,
  column,
  row,
  disabled,
  viewOf,
  onChange,
}: {
  id: string;
  column: Field;
  row: Row;
  disabled?: boolean;
  viewOf: ViewOf;
  onChange: WidgetProps["onChange"];
}) {
  const View = viewOf(column.widget);
  return (
    <View id={id} field={column} value={row[column.name] ?? column.fallback} onChange={onChange} disabled={disabled} />
  );
}

function RowButtons({
  label,
  at,
  of,
  move,
  remove,
}: {
  label: string;
  at: number;
  of: number;
  move(at: number, by: -1 | 1): void;
  remove(at: number): void;
}) {
  return (
    <div className="flex shrink-0 justify-end">
      <IconButton
        label={`Move row ${at + 1} of ${label} up`}
        className="!size-6"
        disabled={at === 0}
        onClick={() => move(at, -1)}
      >
        <ArrowUp className="size-3.5" aria-hidden />
      </IconButton>
      <IconButton
        label={`Move row ${at + 1} of ${label} down`}
        className="!size-6"
        disabled={at === of - 1}
        onClick={() => move(at, 1)}
      >
        <ArrowDown className="size-3.5" aria-hidden />
      </IconButton>
      <IconButton label={`Remove row ${at + 1} of ${label}`} className="!size-6" onClick={() => remove(at)}>
        <X className="size-3.5" aria-hidden />
      </IconButton>
    </div>
  );
}

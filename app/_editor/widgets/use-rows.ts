"use client";

import { useState } from "react";
import type { Field } from "./describe";
import { blankRow, movedRow, type Row, withCell } from "./rows";
import type { WidgetProps } from "./widget-props";

export interface RowEdits {
  /** The row that is open, by its place. */
  open: number | undefined;
  toggle(place: number): void;
  cell(place: number, column: string, value: Row[string] | undefined, part?: string): void;
  add(): void;
  remove(place: number): void;
  move(place: number, by: -1 | 1): void;
}

/** What can be done to the rows of a table; the row that is open stays open when it moves. */
export function useRows(rows: readonly Row[], field: Field, onChange: WidgetProps["onChange"]): RowEdits {
  const [open, setOpen] = useState<number>();
  return {
    open,
    toggle: (place) => setOpen(open === place ? undefined : place),
    cell: (place, column, value, part = "") =>
      onChange(withCell(rows, place, column, value), `${place}.${column}${part}`),
    add() {
      onChange([...rows, blankRow(field.columns)], `add ${rows.length}`);
      setOpen(rows.length);
    },
    remove(place) {
      const kept = rows.filter((_, i) => i !== place);
      onChange(kept, `remove ${rows.length}`);
      setOpen(undefined);
    },
    move(place, by) {
      onChange(movedRow(rows, place, by), `move ${place} ${by}`);
      if (open === place) setOpen(place + by);
      else if (open === place + by) setOpen(place);
    },
  };
}

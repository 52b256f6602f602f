"use client";

import { ArrowDown, ArrowUp, type LucideIcon, X } from "lucide-react";
import type { FC } from "react";
import type { Widget } from "#nodes/core/node";
import { IconButton } from "../../_ui/button";
import type { Field } from "./describe";
import type { Row } from "./rows";
import type { RowEdits } from "./use-rows";
import type { WidgetProps } from "./widget-props";

/** A table with its rows and what can be done to them: what its cards and its window both show. */
export interface TableProps {
  id: string;
  field: Field;
  rows: readonly Row[];
  edits: RowEdits;
  isFull: boolean;
  disabled?: boolean;
  viewOf(kind: Widget): FC<WidgetProps>;
}

/** One value of one row, as the widget of its column. */
export function Cell({
  id,
  table,
  column,
  row,
  place,
}: {
  id: string;
  table: TableProps;
  column: Field;
  row: Row;
  place: number;
}) {
  const View = table.viewOf(column.widget);
  return (
    <View
      id={id}
      field={column}
      value={row[column.name] ?? column.fallback}
      onChange={(value, part) => table.edits.cell(place, column.name, value, part)}
      disabled={table.disabled}
    />
  );
}

export function RowButtons({ table: { field, rows, edits }, place }: { table: TableProps; place: number }) {
  const row = `row ${place + 1} of ${field.label}`;
  return (
    <div className="flex shrink-0 justify-end">
      <SmallButton
        label={`Move ${row} up`}
        icon={ArrowUp}
        disabled={place === 0}
        onClick={() => edits.move(place, -1)}
      />
      <SmallButton
        label={`Move ${row} down`}
        icon={ArrowDown}
        disabled={place === rows.length - 1}
        onClick={() => edits.move(place, 1)}
      />
      <SmallButton label={`Remove ${row}`} icon={X} onClick={() => edits.remove(place)} />
    </div>
  );
}

function SmallButton({
  icon: Icon,
  ...rest
}: {
  label: string;
  icon: LucideIcon;
  disabled?: boolean;
  onClick(): void;
}) {
  return (
    <IconButton className="!size-6" {...rest}>
      <Icon className="size-3.5" aria-hidden />
    </IconButton>
  );
}

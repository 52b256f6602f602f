import type { GraphNode } from "#nodes/graph/document";
import type { Field } from "./describe";

type Json = GraphNode["params"][string];
export type Row = Record<string, Json>;

/** What a parameter of type table holds. */
export const rowsOf = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);

/** A row to begin with: columns with a default are left to it, the others get the least that their type allows. */
export const blankRow = (columns: readonly Field[]): Row =>
  Object.fromEntries(columns.filter((c) => c.fallback === undefined && !c.optional).map((c) => [c.name, least(c)]));

function least({ widget, columns, options, min, max }: Field): Json {
  if (widget === "number" || widget === "slider" || widget === "seed") return Math.min(max ?? 0, Math.max(min ?? 0, 0));
  if (widget === "toggle") return false;
  if (widget === "select") return options[0] ?? "";
  if (widget === "table" || widget === "list" || widget === "multiselect" || widget === "images")
    return columns.length ? [blankRow(columns)] : [];
  return widget === "color" ? "#000000" : "";
}

/** The rows with one cell changed; `undefined` leaves the cell to its default. */
export const withCell = (rows: readonly Row[], at: number, column: string, value: Json | undefined): Row[] =>
  rows.map((row, i) => {
    if (i !== at) return row;
    const { [column]: _, ...rest } = row;
    return value === undefined ? rest : { ...rest, [column]: value };
  });

/** The rows with one moved up (−1) or down (+1). */
export function movedRow(rows: readonly Row[], at: number, by: -1 | 1): Row[] {
  const result = [...rows];
  const [row] = result.splice(at, 1);
  if (row) result.splice(at + by, 0, row);
  return result;
}

/** A row in a few words: "500 steps · projector · lr 0.001". */
export const summary = (columns: readonly Field[], row: Row): string =>
  columns
    .filter((c) => !c.advanced)
    .map((c) => brief(c, row[c.name] ?? c.fallback))
    .filter(Boolean)
    .join(" · ");

function brief({ widget, label, unit, columns }: Field, value: unknown): string {
  if (value === undefined || value === null || value === "" || value === false) return "";
  if (value === true) return label.toLowerCase();
  if (widget === "table")
    return rowsOf(value)
      .map((row) => summary(columns, row))
      .join(", ");
  if (Array.isArray(value)) return value.map((v) => (typeof v === "string" ? v : JSON.stringify(v))).join(", ");
  if (typeof value === "number") return unit ? `${value} ${unit}` : `${label.toLowerCase()} ${value}`;
  return String(value);
}

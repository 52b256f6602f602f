/** Which rows of a table are taken: those that fit, and of these some. */
import { BlockSize } from "./block-size";
import { type TableFile, BadValue } from "./table-file";

export const comparisons = ["is", "is not", "is one of", "contains", "at least", "at most"] as const;

/** What a column's value must be for its row to count. */
export interface RowFilter {
  column: string;
  is: (typeof comparisons)[number];
  value: string;
}

/** The rows of a table that fit all filters, or nothing where there are none. */
export async function fittingRows(table: TableFile, filters: readonly RowFilter[]): Promise<Uint32Array | undefined> {
  if (!filters.length) return undefined;
  const columns = filters.map(({ column }) => column);
  const rows: number[] = [];
  const size = new BlockSize(table);
  for (let start = 0; start < table.rows; ) {
    const end = await size.endFrom(start, columns[0]);
    const values = await table.read(columns, start, end);
    size.met(values);
    for (let row = start; row < end; row++) {
      if (filters.every((filter, i) => fitsFilter(filter, values[i]?.[row - start]))) rows.push(row);
    }
    start = end;
  }
  return Uint32Array.from(rows);
}

/** Whether a value is what a filter asks for. Numbers are compared as such, everything else as texts. */
export function fitsFilter({ is, value: wanted }: RowFilter, value: unknown): boolean {
  if (value === null || value === undefined || value instanceof BadValue) return is === "is not";
  const text = Array.isArray(value) ? String(value[0]) : String(value);
  const isEqual = (other: string) => text === other || (isNumeral(text) && isNumeral(other) && +text === +other);
  const order = isNumeral(text) && isNumeral(wanted) ? +text - +wanted : text < wanted ? -1 : Number(text > wanted);
  if (is === "is") return isEqual(wanted);
  if (is === "is not") return !isEqual(wanted);
  if (is === "is one of") return wanted.split(",").some((other) => isEqual(other.trim()));
  if (is === "contains") return text.includes(wanted);
  return is === "at least" ? order >= 0 : order <= 0;
}

const isNumeral = (text: string): boolean => text.trim() !== "" && Number.isFinite(Number(text));

export interface Share {
  take: "all" | "first" | "random";
  amount: number;
  unit: "rows" | "percent";
}

/** How many of so many rows are taken; a share is rounded up. */
export function takenCount(rows: number, { take, amount, unit }: Share): number {
  if (take === "all") return rows;
  return Math.min(rows, Math.ceil(unit === "rows" ? amount : (rows * amount) / 100));
}

/** So many of the first numbers at random, in order; `below` draws a number below another. */
export function drawnPlaces(count: number, of: number, below: (limit: number) => number): Uint32Array {
  // Floyd's way: as many draws as numbers, whatever they are drawn of.
  const drawn = new Set<number>();
  for (let most = of - count; most < of; most++) {
    const place = below(most + 1);
    drawn.add(drawn.has(place) ? most : place);
  }
  return Uint32Array.from(drawn).sort();
}

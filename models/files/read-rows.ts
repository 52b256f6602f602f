/** Reads chosen rows of a table: many at once where they lie near to each other, and around what is damaged. */
import { BlockSize } from "./block-size";
import { BadValue, TableError, type TableFile } from "./table-file";

/** Where fewer than one in so many rows is chosen, only what holds them is read. */
const sparse = 8;
/** So many reads may fail before what is left of a block counts as damaged. */
const mostFailures = 100;

export interface ReadOptions {
  /** The numbers of the rows in their order; without them all. */
  rows?: Uint32Array;
  /** Puts a BadValue in place of what cannot be read, instead of throwing. */
  tolerant: boolean;
  /** Is given each chosen row's place among them, and its values by column. */
  meet(place: number, values: readonly unknown[]): void;
  progress?(done: number): void;
  /** Waits for whatever is done with the rows that were met, before more are read. */
  keepUp?(): Promise<void>;
}

export async function readRows(table: TableFile, columns: readonly string[], options: ReadOptions): Promise<void> {
  const { rows, tolerant, meet } = options;
  const count = rows?.length ?? table.rows;
  const rowAt = (place: number) => (rows ? (rows[place] as number) : place);
  const size = new BlockSize(table);
  for (let place = 0; place < count; ) {
    const start = rowAt(place);
    const dense = await size.endFrom(start, columns[0]);
    const stop = await endOfBlock(table, columns, { start, end: dense }, (row) => placeOf(rows, row, count));
    let next = place + 1;
    while (next < count && rowAt(next) < stop) next++;
    const end = rowAt(next - 1) + 1;
    const values = tolerant
      ? await Promise.all(columns.map((column) => readAround(readerOf(table, column), start, end)))
      : await table.read(columns, start, end);
    size.met(values);
    for (; place < next; place++) {
      const row = rowAt(place) - start;
      meet(
        place,
        values.map((column) => column[row]),
      );
    }
    options.progress?.(place);
    await options.keepUp?.();
  }
}

/** Up to which row is read at once: to the end of a block, unless few of its rows are chosen. */
async function endOfBlock(
  table: TableFile,
  [column]: readonly string[],
  { start, end }: { start: number; end: number },
  placeOfRow: (row: number) => number,
) {
  const chosen = placeOfRow(end) - placeOfRow(start);
  if (chosen * sparse >= end - start || column === undefined) return end;
  const range = await table.rangeOf?.(column, start).catch(() => undefined);
  return Math.min(end, Math.max(range?.end ?? start + sparse, start + 1));
}

/** How many of the chosen rows lie before a row. */
function placeOf(rows: Uint32Array | undefined, row: number, count: number): number {
  if (!rows) return Math.min(row, count);
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

type ReadRange<T> = (start: number, end: number) => Promise<T[]>;

const readerOf =
  (table: TableFile, column: string): ReadRange<unknown> =>
  async (start, end) =>
    (await table.read([column], start, end))[0] ?? [];

/** Reads halves of what cannot be read as a whole, until what is damaged is found. */
export async function readAround<T>(read: ReadRange<T>, start: number, end: number): Promise<(T | BadValue)[]> {
  let failures = 0;
  async function readPart(low: number, high: number): Promise<(T | BadValue)[]> {
    try {
      return await read(low, high);
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      failures++;
      if (high - low === 1 || failures > mostFailures)
        return Array.from({ length: high - low }, () => new BadValue("cannot be read"));
      const middle = (low + high) >> 1;
      return [...(await readPart(low, middle)), ...(await readPart(middle, high))];
    }
  }
  return readPart(start, end);
}

/** Files of a data set as its nodes read them: opened, read row by row, and where their pictures lie. */
import { readAround, readRows } from "#models/files/read-rows";
import { BadValue, TableError, type TableFile } from "#models/files/table-file";
import type { BadRows } from "./bad-rows";
import type { Host } from "./host";
import type { PlacedImage, SourceFile } from "./values";

/** A file of the set and which of its rows are taken: all, where nothing says which. */
export interface Part {
  file: SourceFile;
  table: TableFile;
  rows?: Uint32Array;
  /** The place of its first row among those that are taken. */
  first: number;
  count: number;
}

/** What becomes of a run with rows that cannot be used. */
export type BadRowsChoice = "stop" | "leave out";

/** Opens a file; one that is damaged stops the run, or is left out with a warning. */
export async function openPart(host: Host, file: SourceFile, bad: BadRowsChoice): Promise<Part | undefined> {
  let table: TableFile;
  try {
    table = await host.openTable(file);
  } catch (error) {
    const isDamaged = (error as Error).cause instanceof TableError;
    if (bad === "stop" || !isDamaged) throw error;
    host.warn(`${(error as Error).message} It is left out.`);
    return undefined;
  }
  if (table.damage !== undefined) {
    const lost = `“${file.name}” is damaged behind row ${table.rows}. ${table.damage}`;
    if (bad === "stop") throw failure(lost, "Download or copy it again, or set “Bad rows” to leave out what is lost.");
    host.warn(`${lost} What lies before is read.`);
  }
  return { file, table, first: 0, count: table.rows };
}

const failure = (message: string, hint: string): Error => Object.assign(new Error(message), { hint });

/** Gives the values of each of a part's rows, with the row's place among all that are taken. */
export async function readPartRows(
  host: Host,
  { table, file, rows, first, count }: Part,
  columns: readonly string[],
  bad: BadRowsChoice,
  meet: (place: number, values: readonly unknown[]) => void,
  keepUp?: () => Promise<void>,
): Promise<void> {
  if (!columns.length || !count) return;
  try {
    await readRows(table, columns, {
      rows,
      tolerant: bad === "leave out",
      meet: (place, values) => meet(first + place, values),
      progress: (done) => host.progress(first + done, first + count, "rows"),
      keepUp,
    });
  } catch (error) {
    throw ofFile(file, error);
  }
}

function ofFile(file: SourceFile, error: unknown): unknown {
  return error instanceof TableError ? failure(`“${file.name}”: ${error.message}`, error.hint) : error;
}

/** How many rows are asked at once how many pictures they have. */
const askedRows = 2 ** 14;

/**
 * How many pictures each of a part's rows has in a column of pictures. With bad rows left out those are taken in where
 * that cannot be told.
 */
export async function countPictures(
  { table, file, rows, first, count }: Part,
  column: string,
  { bad, choice }: { bad: BadRows; choice: BadRowsChoice },
): Promise<Uint32Array> {
  const rowAt = (place: number) => (rows ? (rows[place] as number) : place);
  const counts = new Uint32Array(count);
  const read = async (start: number, end: number) => (await table.pictures?.(column, start, end)) ?? [];
  let block = { start: 0, counts: [] as (number | BadValue)[] };
  try {
    for (let place = 0; place < count; place++) {
      const row = rowAt(place);
      if (row >= block.start + block.counts.length) {
        const end = Math.min(table.rows, row + askedRows, rowAt(count - 1) + 1);
        const some = await (choice === "leave out" ? readAround(read, row, end) : read(row, end));
        block = { start: row, counts: some };
      }
      const pictures = block.counts[row - block.start];
      if (pictures instanceof BadValue) bad.add(first + place, `“${column}” ${pictures.reason}`);
      else counts[place] = pictures ?? 0;
    }
  } catch (error) {
    throw ofFile(file, error);
  }
  return counts;
}

/** Where a row's picture lies: of a column of lists, which one of them. */
export function placeOf(table: TableFile, file: SourceFile, column: string, row: number, item?: number): PlacedImage {
  const place = table.place?.(column, row);
  if (place) return { file, ...place, row };
  return item === undefined ? { file, column, row } : { file, column, row, item };
}

/** Each path's picture, or why there is none. */
export async function placesOf(
  host: Host,
  folder: string,
  paths: readonly string[],
): Promise<Map<string, PlacedImage | Error>> {
  const files = await host.folderFiles(folder, paths);
  return new Map(
    paths.map((path, i): [string, PlacedImage | Error] => {
      const file = files[i] as SourceFile | Error;
      return [path, file instanceof Error ? file : { file, name: path }];
    }),
  );
}

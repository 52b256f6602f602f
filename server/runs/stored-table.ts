/** What a node of a run gave, as a table: read row by row where it lies, and never as a whole. */
import { RecentlyUsed } from "../files/recently-used";
import type { Db } from "../db";
import type { Blobs } from "../storage/blobs";
import {
  countsOfStored,
  hasRows,
  isStoredRows,
  type StoredOutputs,
  type StoredTensor,
  storedRowCount,
} from "../storage/stored-rows";
import type { RunResult } from "./read";
import { numbersOf } from "./stored-numbers";

export interface StoredTable {
  /** Rows in all, and the first that is here. */
  total: number;
  from: number;
  columns: TableColumn[];
}

/** The cells of one output; a picture is told by its reference and name. */
export type TableColumn = { port: string } & (
  | { type: "text"; cells: string[] }
  | { type: "tensor"; width: number; cells: number[][] }
  | { type: "image"; cells: { ref?: string; name?: string }[] }
);

/** Of a row of a tensor so many numbers are shown, and of a text so many letters. */
const mostNumbers = 8;
const mostLetters = 2000;

/** Rows of the outputs that have any; of outputs with other numbers of rows those with most. */
export async function storedTable(
  db: Db,
  blobs: Blobs,
  { run, node, from, count }: { run: string; node: string; from: number; count: number },
): Promise<StoredTable | undefined> {
  const found = await db.run.findUnique({ where: { id: run }, select: { result: true } });
  const outputs = (found?.result as unknown as RunResult | null)?.outputs[node] as StoredOutputs | undefined;
  if (!outputs) return undefined;
  const counted = Object.entries(outputs).flatMap(([port, { type, value }]) =>
    hasRows(type) && !isPacked(value) ? [{ port, type, value, rows: storedRowCount(type, value) }] : [],
  );
  const total = Math.max(0, ...counted.map(({ rows }) => rows));
  const end = Math.min(total, from + count);
  const shown = counted.filter(({ rows }) => rows === total);
  const columns = await Promise.all(
    shown.map(async ({ port, type, value }): Promise<TableColumn> => {
      const parts = partsOf(value, type, from, end);
      if (type === "text") return { port, type, cells: (await each(parts, (part) => textsOf(part, blobs))).flat() };
      if (type === "image") return { port, type, cells: parts.flatMap(picturesOf) };
      const cells = (await each(parts, (part) => numberRowsOf(part, blobs))).flat();
      return { port, type, width: widthOf(parts), cells };
    }),
  );
  return { total, from, columns };
}

const isPacked = (value: unknown): boolean =>
  isStoredRows(value)
    ? value.chunks.some((chunk) => countsOfStored(chunk.value) !== undefined)
    : countsOfStored(value) !== undefined;

/** Some rows of a chunk. */
interface Part {
  value: unknown;
  first: number;
  end: number;
}

/** The chunks, or the parts of them, that some rows lie in. */
function partsOf(value: unknown, type: "text" | "image" | "tensor", from: number, end: number): Part[] {
  const chunks = isStoredRows(value) ? value.chunks : [{ rows: storedRowCount(type, value), value }];
  let start = 0;
  return chunks.flatMap(({ rows, value }) => {
    const [first, last] = [Math.max(0, from - start), Math.min(rows, end - start)];
    start += rows;
    return last > first ? [{ value, first, end: last }] : [];
  });
}

const each = <T, R>(list: readonly T[], read: (one: T) => Promise<R>): Promise<R[]> => Promise.all(list.map(read));

/** Chunks of texts that were read last, by their bytes: a table is read page by page. */
const recent = new RecentlyUsed<Promise<string[]>>(64 * 2 ** 20);

async function textsOf({ value, first, end }: Part, blobs: Blobs): Promise<string[]> {
  const texts = Array.isArray(value) ? (value as string[]) : await listAt((value as { ref: string }).ref, blobs);
  return texts.slice(first, end).map((text) => (text.length > mostLetters ? `${text.slice(0, mostLetters)}…` : text));
}

function listAt(ref: string, blobs: Blobs): Promise<string[]> {
  const known = recent.get(ref);
  if (known) return known;
  const read = blobs.get(ref).then((bytes) => {
    recent.set(ref, read, bytes.length);
    return JSON.parse(new TextDecoder().decode(bytes)) as string[];
  });
  read.catch(() => recent.delete(ref));
  recent.set(ref, read, 0);
  return read;
}

/** Pictures of the store are shown; of those that lie elsewhere the name is told, and of pixels nothing is. */
function picturesOf({ value, first, end }: Part): { ref?: string; name?: string }[] {
  const { files } = value as { files?: { ref?: string; name?: string }[] };
  if (!files) return Array.from({ length: end - first }, () => ({}));
  return files.slice(first, end).map(({ ref, name }) => ({ ref, name }));
}

const elementsOf = ({ shape }: StoredTensor): number => shape.slice(1).reduce((product, size) => product * size, 1);

const widthOf = (parts: readonly Part[]): number => (parts[0] ? elementsOf(parts[0].value as StoredTensor) : 0);

/** The first numbers of each row; rows that are wide are not read whole. */
async function numberRowsOf({ value, first, end }: Part, blobs: Blobs): Promise<number[][]> {
  const { ref, dtype } = value as StoredTensor;
  const width = elementsOf(value as StoredTensor);
  const shown = Math.min(width, mostNumbers);
  const rows = Array.from({ length: end - first }, (_, i) => first + i);
  if (width > 64) return each(rows, (row) => numbersOf(blobs, { ref, dtype, first: row * width, count: shown }));
  const all = await numbersOf(blobs, { ref, dtype, first: first * width, count: rows.length * width });
  return rows.map((_, i) => all.slice(i * width, i * width + shown));
}

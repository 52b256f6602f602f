/**
 * Tables whose rows are pieces of text that lie one behind the other, such as lines: an index says where each begins,
 * and rows are read by range.
 */
import { guessedColumns } from "./guess-columns";
import { BadValue, type ByteSource, type TableColumn, TableError, type TableFile } from "./table-file";
import { decodeText, isUtf16 } from "./text";

/** Longer rows are told and not read. */
const longestRow = 64 * 2 ** 20;
/** What is read at once. */
export const pieceBytes = 4 * 2 ** 20;
/** Rows that tell what columns there are. */
const firstRows = 100;
/** Files in UTF-16, whose lines are not found by their bytes, are held in memory. */
const largestUtf16 = 256 * 2 ** 20;

export type Row = Record<string, unknown> | BadValue;

/** How rows are read of their texts. */
export interface RowFormat {
  row(text: string): Row;
  /** Many rows at once, where that is quicker; nothing where one of them is wrong. */
  rows?(text: string): Row[] | undefined;
  /** Whether the last row cannot be read because the file ends inside of it. */
  isCut?(bytes: Uint8Array, error: unknown): boolean;
}

/** A table of rows that begin at `starts`, which has where the last one ends besides. */
export async function openRows(
  source: ByteSource,
  starts: Float64Array,
  format: RowFormat,
  names?: readonly string[],
): Promise<TableFile> {
  const table = new IndexedRows(source, starts, format);
  const first = await table.records(0, Math.min(table.rows, firstRows));
  const records = first.flatMap((row) => (row instanceof BadValue ? [] : [row]));
  table.columns = guessedColumns(records, names);
  return table;
}

class IndexedRows implements TableFile {
  columns: readonly TableColumn[] = [];
  readonly rows: number;

  constructor(
    readonly source: ByteSource,
    readonly starts: Float64Array,
    readonly format: RowFormat,
  ) {
    this.rows = Math.max(0, starts.length - 1);
  }

  /** What is not asked for is not held, however long it is. */
  async read(columns: readonly string[], start: number, end: number): Promise<unknown[][]> {
    const values = columns.map((): unknown[] => []);
    for await (const records of this.#pieces(start, end)) {
      for (const record of records) {
        for (const [i, column] of columns.entries())
          values[i]?.push(record instanceof BadValue ? record : (record[column] ?? null));
      }
    }
    return values;
  }

  async records(start: number, end: number): Promise<Row[]> {
    const records: Row[] = [];
    for await (const some of this.#pieces(start, end)) records.push(...some);
    return records;
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Row[]> {
    for (let row = start; row < end; ) {
      const last = this.#lastOfPiece(row, end);
      const bytes = this.#at(last) - this.#at(row);
      if (bytes > longestRow) {
        const size = Math.ceil(bytes / 2 ** 20);
        yield [new BadValue(`it has ${size} MiB, and ${longestRow / 2 ** 20} is the limit for a row`, true)];
      } else yield await this.#piece(row, last);
      row = last;
    }
  }

  async #piece(row: number, last: number): Promise<Row[]> {
    const first = this.#at(row);
    const bytes = await this.source.read(first, this.#at(last));
    const quick = this.format.rows && attempt(() => this.format.rows?.(decoded(bytes)));
    if (quick?.length === last - row) return quick;
    return Array.from({ length: last - row }, (_, i) =>
      this.#record(bytes.subarray(this.#at(row + i) - first, this.#at(row + i + 1) - first), row + i + 1 === this.rows),
    );
  }

  #record(bytes: Uint8Array, isLast: boolean): Row {
    try {
      return this.format.row(decoded(bytes));
    } catch (error) {
      if (isLast && this.format.isCut?.(bytes, error))
        return new BadValue("it is cut off: the file ends inside of it", true);
      return new BadValue((error as Error).message.split("\n")[0] ?? "", true);
    }
  }

  /** As many rows as are read at once. */
  #lastOfPiece(row: number, end: number): number {
    let last = row + 1;
    while (last < end && this.#at(last + 1) - this.#at(row) <= pieceBytes) last++;
    return last;
  }

  #at(row: number): number {
    return this.starts[row] as number;
  }
}

/** Bytes as a file. */
export const inMemory = (bytes: Uint8Array<ArrayBuffer>): ByteSource => ({
  size: bytes.length,
  read: async (start, end) => bytes.slice(start, end),
});

/** A file whose texts are UTF-8. */
export async function inUtf8(file: ByteSource): Promise<ByteSource> {
  if (!isUtf16(await file.read(0, Math.min(file.size, 1024)))) return file;
  if (file.size > largestUtf16) throw new TableError("It is UTF-16 and too large for that.", "Save it as UTF-8.");
  return inMemory(new TextEncoder().encode(decoded(await file.read(0, file.size))) as Uint8Array<ArrayBuffer>);
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function decoded(bytes: Uint8Array): string {
  try {
    return isUtf16(bytes) ? decodeText(bytes) : utf8.decode(bytes);
  } catch {
    throw new TableError("it is no UTF-8 text", "Save the file as UTF-8.");
  }
}

/** Numbers that grow in number. */
export class Offsets {
  length = 0;
  #numbers = new Float64Array(1024);

  push(offset: number): void {
    if (this.length === this.#numbers.length) {
      const more = new Float64Array(this.length * 2);
      more.set(this.#numbers);
      this.#numbers = more;
    }
    this.#numbers[this.length++] = offset;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#numbers.slice(0, this.length).buffer);
  }
}

export const offsetsIn = (bytes: Uint8Array<ArrayBuffer>): Float64Array => new Float64Array(bytes.slice().buffer);

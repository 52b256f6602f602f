/**
 * Tables that are texts, a row after the other: JSON lines, and CSV as spreadsheets write it. An index of where rows
 * begin is made once; rows are read by range.
 */
import { guessedColumns } from "./guess-columns";
import { type CsvHead, csvHead, csvRows, jsonRow } from "./table";
import { BadValue, type ByteSource, type KeepIndex, type TableColumn, TableError, type TableFile } from "./table-file";
import { decodeText, isUtf16 } from "./text";

/** Longer rows are told and not read. */
const longestRow = 64 * 2 ** 20;
/** What is read at once. */
const pieceBytes = 4 * 2 ** 20;
/** Rows that tell what columns there are. */
const firstRows = 100;
const firstBytes = 2 ** 20;

/** Files in UTF-16, whose lines are not found by their bytes, are held in memory. */
const largestUtf16 = 256 * 2 ** 20;

/** Opens a file of JSON objects, one a line. */
export async function openJsonLines(file: ByteSource, keep: KeepIndex): Promise<TableFile> {
  const source = await inUtf8(file);
  const starts = offsetsIn(await keep("lines", () => rowStarts(source, undefined)));
  return openRows(source, starts, { row: jsonRecord });
}

/** Opens a table with a header, whose columns are separated as its first lines say. */
export async function openCsv(file: ByteSource, keep: KeepIndex): Promise<TableFile> {
  const source = await inUtf8(file);
  const first = await headOfLines(source);
  const head = csvHead(decoded(await first.read(0, first.size)));
  const starts = offsetsIn(await keep("csv", () => rowStarts(source, head.delimiter)));
  return openRows(source, starts.subarray(head.rows), csvFormat(head), head.columns);
}

/** The first rows of a file, as a file of their own: to see what columns there are without reading on. */
export async function headOfLines(file: ByteSource): Promise<ByteSource> {
  const bytes = await file.read(0, Math.min(file.size, firstBytes));
  const end = bytes.length < file.size ? bytes.lastIndexOf(newline) + 1 || bytes.length : bytes.length;
  return inMemory(bytes.slice(0, end));
}

/** Bytes as a file. */
const inMemory = (bytes: Uint8Array<ArrayBuffer>): ByteSource => ({
  size: bytes.length,
  read: async (start, end) => bytes.slice(start, end),
});

async function inUtf8(file: ByteSource): Promise<ByteSource> {
  if (!isUtf16(await file.read(0, Math.min(file.size, 1024)))) return file;
  if (file.size > largestUtf16) throw new TableError("It is UTF-16 and too large for that.", "Save it as UTF-8.");
  return inMemory(new TextEncoder().encode(decoded(await file.read(0, file.size))) as Uint8Array<ArrayBuffer>);
}

type Row = Record<string, unknown> | BadValue;

/** How rows are read of their texts. */
interface RowFormat {
  row(text: string): Row;
  /** Many rows at once, where that is quicker; nothing where one of them is wrong. */
  rows?(text: string): Row[] | undefined;
}

async function openRows(
  source: ByteSource,
  starts: Float64Array,
  format: RowFormat,
  names?: readonly string[],
): Promise<TableFile> {
  const table = new LinesTable(source, starts, format);
  const first = await table.records(0, Math.min(table.rows, firstRows));
  const records = first.flatMap((row) => (row instanceof BadValue ? [] : [row]));
  table.columns = guessedColumns(records, names);
  return table;
}

class LinesTable implements TableFile {
  columns: readonly TableColumn[] = [];
  readonly rows: number;

  /** `starts` has where each row begins, and where the last one ends. */
  constructor(
    readonly source: ByteSource,
    readonly starts: Float64Array,
    readonly format: RowFormat,
  ) {
    this.rows = Math.max(0, starts.length - 1);
  }

  async read(columns: readonly string[], start: number, end: number): Promise<unknown[][]> {
    const records = await this.records(start, end);
    return columns.map((column) =>
      records.map((record) => (record instanceof BadValue ? record : (record[column] ?? null))),
    );
  }

  async records(start: number, end: number): Promise<Row[]> {
    const records: Row[] = [];
    for (let row = start; row < end; ) {
      const last = this.#lastOfPiece(row, end);
      const bytes = this.#at(last) - this.#at(row);
      if (bytes > longestRow) {
        const size = Math.ceil(bytes / 2 ** 20);
        records.push(new BadValue(`it has ${size} MiB, and ${longestRow / 2 ** 20} is the limit for a row`, true));
      } else for (const record of await this.#piece(row, last)) records.push(record);
      row = last;
    }
    return records;
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
      const isOpen = (error as { code?: string }).code === "CSV_QUOTE_NOT_CLOSED" || bytes.at(-1) !== newline;
      if (isLast && isOpen) return new BadValue("it is cut off: the file ends inside of it", true);
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

function jsonRecord(text: string): Row {
  const value = jsonRow(text);
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : new BadValue("it is no JSON object", true);
}

function csvFormat(head: CsvHead): RowFormat {
  const recordOf = (cells: readonly string[]): Row => {
    if (cells.length === head.columns.length)
      return Object.fromEntries(head.columns.map((name, i) => [name, cells[i]]));
    return new BadValue(`it has ${cells.length} cells, and the header has ${head.columns.length}`, true);
  };
  return {
    rows: (text) => csvRows(text, head).map(recordOf),
    row: (text) => recordOf(csvRows(text, head)[0] ?? []),
  };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decoded(bytes: Uint8Array): string {
  try {
    return isUtf16(bytes) ? decodeText(bytes) : utf8.decode(bytes);
  } catch {
    throw new TableError("it is no UTF-8 text", "Save the file as UTF-8.");
  }
}

const newline = 0x0a;
const carriage = 0x0d;
const quote = 0x22;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === newline || byte === carriage;

/**
 * Where rows begin, and where the last one ends. With a delimiter, cells may be quoted, and quoted cells may hold line
 * ends. Lines of nothing but spaces belong to the row before.
 */
async function rowStarts(source: ByteSource, delimiter: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const starts = new Offsets();
  const cells = delimiter === undefined ? undefined : new QuotedCells(delimiter.charCodeAt(0));
  let isOpen = false; // whether the line that is being read has begun
  for (let offset = 0; offset < source.size; offset += pieceBytes) {
    const bytes = await source.read(offset, Math.min(source.size, offset + pieceBytes));
    if (!cells) {
      isOpen = startsOfLines(bytes, offset, isOpen, starts);
      continue;
    }
    for (const [i, byte] of bytes.entries()) {
      if (!isOpen && !isSpace(byte)) {
        starts.push(offset + i);
        isOpen = true;
      }
      cells.meet(byte);
      if ((byte === newline || byte === carriage) && !cells.isQuoted) isOpen = false;
    }
  }
  if (starts.length) starts.push(source.size);
  return starts.bytes();
}

/** Finds the beginnings of lines in a piece; gives whether its last line goes on. */
function startsOfLines(bytes: Uint8Array, offset: number, wasOpen: boolean, starts: Offsets): boolean {
  let isOpen = wasOpen;
  let i = 0;
  while (i < bytes.length) {
    if (!isOpen) {
      while (i < bytes.length && isSpace(bytes[i] as number)) i++;
      if (i === bytes.length) return false;
      starts.push(offset + i);
    }
    const end = bytes.indexOf(newline, i);
    if (end < 0) return true;
    isOpen = false;
    i = end + 1;
  }
  return isOpen;
}

/** Follows whether what is read lies in quotes: they count where a cell begins, and end where they are not doubled. */
class QuotedCells {
  isQuoted = false;
  #atStart = true;
  #afterQuote = false;

  constructor(readonly delimiter: number) {}

  meet(byte: number): void {
    if (this.isQuoted) {
      if (byte === quote) {
        this.isQuoted = false;
        this.#afterQuote = true;
      }
      return;
    }
    if (byte === quote && (this.#atStart || this.#afterQuote)) this.isQuoted = true;
    this.#afterQuote = false;
    if (byte === this.delimiter || byte === newline || byte === carriage) this.#atStart = true;
    else if (byte !== 0x20) this.#atStart = false;
  }
}

/** Numbers that grow in number. */
class Offsets {
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

const offsetsIn = (bytes: Uint8Array<ArrayBuffer>): Float64Array => new Float64Array(bytes.slice().buffer);

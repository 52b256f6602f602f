/** Tables that are texts, a row after the other: JSON lines, and CSV as spreadsheets write it. */
import {
  decoded,
  inMemory,
  inUtf8,
  Offsets,
  offsetsIn,
  openRows,
  pieceBytes,
  type Row,
  type RowFormat,
} from "./indexed-rows";
import { type CsvHead, csvHead, csvRows, jsonRow } from "./table";
import { BadValue, type ByteSource, type KeepIndex, type TableFile } from "./table-file";

/** What is read to see what columns there are. */
const firstBytes = 2 ** 20;

/** Opens a file of JSON objects, one a line. */
export async function openJsonLines(file: ByteSource, keep: KeepIndex): Promise<TableFile> {
  const source = await inUtf8(file);
  const starts = offsetsIn(await keep("lines", () => rowStarts(source, undefined)));
  return openRows(source, starts, { row: jsonRecord, isCut: (bytes) => bytes.at(-1) !== newline });
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

/** One JSON object. */
export function jsonRecord(text: string): Row {
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
    isCut: (_, error) => (error as { code?: string }).code === "CSV_QUOTE_NOT_CLOSED",
  };
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

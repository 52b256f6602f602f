/** Tables of data sets, in files of any format: opened without reading their rows, which are read by range. */

/** A file of which ranges can be read. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `start` up to `end`; fewer where the file ends before. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * What a column holds: encoded pictures, or paths of them; texts; numbers; or what is nested, told as JSON. Of a list
 * of pictures or texts the first one counts.
 */
export type ColumnKind = "picture" | "text" | "number" | "integer" | "json";

export interface TableColumn {
  name: string;
  kind: ColumnKind;
  /** How many numbers a row has, where it has several. */
  size?: number;
  /** Of pictures: whether a row has a list of them. */
  isList?: boolean;
}

export interface TableFile {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  /** What is wrong behind the last row that can be read. */
  readonly damage?: string;
  /** Values of rows `start` up to `end`, by column, as the file has them; null where there is none. */
  read(columns: readonly string[], start: number, end: number): Promise<unknown[][]>;
  /** Of a column of pictures, how many each of the rows has; their bytes are not read. */
  pictures?(column: string, start: number, end: number): Promise<number[]>;
  /** The rows that a read of one brings with it, because they lie in one compressed piece. */
  rangeOf?(column: string, row: number): Promise<{ start: number; end: number }>;
  /**
   * The pictures of the rows that `rangeOf` tells of a row, where they need not be told apart to be unpacked; nothing
   * elsewhere.
   */
  unpack?(column: string, row: number): Promise<PictureRows | undefined>;
  /** Where the bytes of a value lie in the file, in formats that hold them as they are; nothing where there is none. */
  place?(column: string, row: number): { start: number; length: number } | undefined;
}

/** Encoded pictures of some rows, held together. */
export interface PictureRows {
  /** How many bytes they take in memory. */
  readonly weight: number;
  /** The bytes of a picture of a row, of which `item` says which one; nothing where there is none. */
  picture(row: number, item?: number): Uint8Array | undefined;
}

/** Stands in place of a value that cannot be read: "is no text". Of a row as a whole: "it is no JSON". */
export class BadValue {
  constructor(
    readonly reason: string,
    readonly isRow = false,
  ) {}
}

/** Keeps what was made of a file's bytes, so that it is made once. */
export type KeepIndex = (
  name: string,
  make: () => Promise<Uint8Array<ArrayBuffer>>,
) => Promise<Uint8Array<ArrayBuffer>>;

/** A file that cannot be read as what it should be, and what to do. */
export class TableError extends Error {
  constructor(
    message: string,
    readonly hint = "The file is damaged or was cut off: download or copy it again, to the end.",
  ) {
    super(message);
  }
}

/** Reads a range to its end. Throws where the file ends before. */
export async function readExactly(source: ByteSource, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  if (start < 0 || end < start || end > source.size)
    throw new TableError(`It says that bytes ${start} to ${end} are a part of it, and it has ${source.size}.`);
  const bytes = await source.read(start, end);
  if (bytes.length < end - start) throw new TableError(`It ends after ${start + bytes.length} bytes.`);
  return bytes;
}

/** The bytes of a picture, as tables hold them: themselves, in a struct with a path, or one of a list. */
export function pictureBytes(value: unknown, item = 0): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return pictureBytes(value[item]);
  if (typeof value === "object" && value !== null && "bytes" in value) return pictureBytes(value.bytes);
  return undefined;
}

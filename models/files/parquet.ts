/** Parquet files, of which no more is read than the pages that hold the rows that are asked for. */
import {
  type AsyncBuffer,
  type ColumnChunk,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { compressors as allCompressors, decompressZstd } from "hyparquet-compressors";
import { type Page, pagesOf } from "./parquet-pages";
import { picturesInPage } from "./parquet-pictures";
import {
  type ByteSource,
  type ColumnKind,
  type PictureRows,
  readExactly,
  type TableColumn,
  TableError,
  type TableFile,
} from "./table-file";

/** What a stranger's file may claim. */
const limits = { footerBytes: 256 * 2 ** 20, rows: 2 ** 31, groupRows: 2 ** 25, chunkBytes: 2 ** 31 };

/** Chunks up to this size are read as a whole: one read is quicker than many. */
const smallChunk = 4 * 2 ** 20;

const compressors = {
  ...allCompressors,
  // With its length given, what it swells to is bounded.
  ZSTD: (input: Uint8Array, length: number) => decompressZstd(input, new Uint8Array(length)),
};

/** Opens a file by its footer, of which everything that is used later is checked. */
export async function openParquet(source: ByteSource): Promise<TableFile> {
  await checkMarks(source);
  const metadata = await footerOf(source);
  checkFooter(metadata, source.size);
  return new ParquetTable(source, metadata);
}

async function checkMarks(source: ByteSource): Promise<void> {
  if (source.size === 0) throw new TableError("It is empty.");
  const mark = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  const first = mark(await source.read(0, Math.min(source.size, 64)));
  if (first.startsWith("version https://git-lfs"))
    throw new TableError("It is no Parquet file but a pointer of Git LFS to one.", "Download the file itself.");
  if (!first.startsWith("PAR1")) throw new TableError("It is no Parquet file.", "Choose files of the right kind.");
  const end = await readExactly(source, Math.max(0, source.size - 8), source.size);
  if (mark(end.subarray(4)) !== "PAR1")
    throw new TableError("It is cut off: its end, which says what is where, is missing.");
  const length = new DataView(end.buffer).getUint32(0, true);
  if (length > Math.min(source.size - 12, limits.footerBytes))
    throw new TableError(`Its footer says that it has ${length} bytes, and the file has ${source.size}.`);
}

async function footerOf(source: ByteSource): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(bufferOf(source), { geoparquet: false });
  } catch (error) {
    throw new TableError(`Its footer cannot be read: ${(error as Error).message}.`);
  }
}

function checkFooter(metadata: FileMetaData, size: number): void {
  let rows = 0;
  for (const [i, group] of metadata.row_groups.entries()) {
    const count = Number(group.num_rows);
    if (!(count >= 0 && count <= limits.groupRows))
      throw wrongFooter(`row group ${i + 1} says that it has ${count} rows`);
    rows += count;
    for (const { meta_data: chunk } of group.columns) {
      if (!chunk) throw wrongFooter(`a column of row group ${i + 1} is encrypted or missing`);
      const { start, end } = chunkRange(chunk);
      const isInside = start >= 4 && end >= start && end <= size && end - start <= limits.chunkBytes;
      if (isInside) continue;
      const name = chunk.path_in_schema.join(".");
      throw wrongFooter(`“${name}” in row group ${i + 1} says that it lies at bytes ${start} to ${end}`);
    }
  }
  if (rows !== Number(metadata.num_rows))
    throw wrongFooter(`it counts ${metadata.num_rows} rows, and its groups have ${rows}`);
  if (rows > limits.rows) throw wrongFooter(`it says that it has ${rows} rows`);
}

const wrongFooter = (what: string): TableError => new TableError(`Its footer is wrong: ${what}.`);

type Chunk = NonNullable<ColumnChunk["meta_data"]>;

function chunkRange(chunk: Chunk): { start: number; end: number } {
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  return { start, end: start + Number(chunk.total_compressed_size) };
}

/** A file as hyparquet wants it; parts that are in memory are not read again. */
function bufferOf(source: ByteSource, loaded: readonly Loaded[] = []): AsyncBuffer {
  return {
    byteLength: source.size,
    async slice(start, end = source.size) {
      const part = loaded.find((other) => other.start <= start && end <= other.start + other.bytes.length);
      const bytes = part
        ? part.bytes.slice(start - part.start, end - part.start)
        : await readExactly(source, start, Math.min(end, source.size));
      return bytes.buffer;
    },
  };
}

interface Loaded {
  start: number;
  bytes: Uint8Array<ArrayBuffer>;
}

interface Group {
  index: number;
  rows: number;
  /** The number of its first row in the file. */
  first: number;
  group: RowGroup;
}

class ParquetTable implements TableFile {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  readonly #groups: Group[] = [];
  readonly #pages = new Map<string, Promise<Page[] | undefined>>();
  readonly #parts = new Map<string, FileMetaData>();

  constructor(
    readonly source: ByteSource,
    readonly metadata: FileMetaData,
  ) {
    this.rows = Number(metadata.num_rows);
    this.columns = parquetSchema(metadata).children.map(columnOf);
    let first = 0;
    for (const [index, group] of metadata.row_groups.entries()) {
      const rows = Number(group.num_rows);
      this.#groups.push({ index, rows, first, group });
      first += rows;
    }
  }

  read(columns: readonly string[], start: number, end: number): Promise<unknown[][]> {
    return Promise.all(columns.map((column) => this.#readAs(this.#partOf(column, "bytes"), column, start, end)));
  }

  /** Counted by the writer, or else seen in the struct's other part, the path, which is small. */
  async pictures(column: string, start: number, end: number): Promise<number[]> {
    const counts: number[] = [];
    for (const { group, first, rows } of this.#groups) {
      const low = Math.max(start, first);
      const high = Math.min(end, first + rows);
      if (low >= high) continue;
      for (const count of await this.#picturesIn(group, column, low, high)) counts.push(count);
    }
    return counts;
  }

  async #picturesIn(group: RowGroup, column: string, start: number, end: number): Promise<number[]> {
    const chunks = chunksOf(group, column);
    const isList = chunks.some(({ path_in_schema: path }) => maxRepetition(parquetSchema(this.metadata), path) > 0);
    const light = this.#partOf(column, "path");
    const isSure = !isList && (light === this.metadata || chunks.every(hasAllBytes));
    if (isSure) return Array.from({ length: end - start }, () => 1);
    const values = await this.#readAs(light, column, start, end);
    return values.map((value) => (Array.isArray(value) ? value.length : Number(value !== null && value !== undefined)));
  }

  async rangeOf(column: string, row: number): Promise<{ start: number; end: number }> {
    const group = this.#groupOf(row);
    const rowGroup = this.#partOf(column, "bytes").row_groups[group.index] as RowGroup;
    const pages = await Promise.all(chunksOf(rowGroup, column).map((chunk) => this.#pagesOf(group, chunk, [])));
    let range = { start: group.first, end: group.first + group.rows };
    for (const list of pages) {
      const page = list?.findLast(({ firstRow }) => group.first + firstRow <= row);
      if (!page) continue;
      const start = group.first + page.firstRow;
      range = { start: Math.max(range.start, start), end: Math.min(range.end, start + page.rows) };
    }
    return range;
  }

  async unpack(column: string, row: number): Promise<PictureRows | undefined> {
    const group = this.#groupOf(row);
    const metadata = this.#partOf(column, "bytes");
    const [chunk, ...others] = chunksOf(metadata.row_groups[group.index] as RowGroup, column);
    if (!chunk || others.length) return undefined;
    const pages = await this.#pagesOf(group, chunk, []);
    const page = pages?.findLast(({ firstRow }) => group.first + firstRow <= row);
    if (!page) return undefined;
    const bytes = await readExactly(this.source, page.offset, page.offset + page.bytes);
    const path = pathOf(parquetSchema(metadata), chunk.path_in_schema);
    try {
      return picturesInPage({ bytes, codec: chunk.codec, compressors, path });
    } catch (error) {
      const first = group.first + page.firstRow;
      throw cannotBeRead(column, first, first + page.rows, error);
    }
  }

  /** The file with one part of a struct of a picture, where the column is one. */
  #partOf(column: string, part: "bytes" | "path"): FileMetaData {
    const name = `${part} ${column}`;
    const known = this.#parts.get(name) ?? withOnly(this.metadata, column, part);
    this.#parts.set(name, known);
    return known;
  }

  async #readAs(metadata: FileMetaData, column: string, start: number, end: number): Promise<unknown[]> {
    const values: unknown[] = [];
    for (const group of this.#groups) {
      const low = Math.max(start, group.first);
      const high = Math.min(end, group.first + group.rows);
      if (low >= high) continue;
      const some = await this.#readGroup(metadata, column, group, low - group.first, high - group.first);
      for (const value of some) values.push(value);
    }
    return values;
  }

  /** Rows of one group, by their numbers in it. */
  async #readGroup(metadata: FileMetaData, column: string, { index, ...group }: Group, start: number, end: number) {
    const rowGroup = metadata.row_groups[index] as RowGroup;
    try {
      const loaded: Loaded[] = [];
      const locations: Record<string, { offset: bigint; compressed_page_size: number; first_row_index: bigint }[]> = {};
      for (const chunk of chunksOf(rowGroup, column)) {
        const range = chunkRange(chunk);
        const isWhole = range.end - range.start <= smallChunk || end - start >= group.rows / 2;
        if (isWhole) loaded.push({ start: range.start, bytes: await readExactly(this.source, range.start, range.end) });
        const pages = await this.#pagesOf({ index, ...group }, chunk, loaded);
        if (!pages) continue;
        locations[chunk.path_in_schema.join(".")] = pages.map((page) => ({
          offset: BigInt(page.offset),
          compressed_page_size: page.bytes,
          first_row_index: BigInt(page.firstRow),
        }));
      }
      const options = {
        file: bufferOf(this.source, loaded),
        metadata: { ...metadata, num_rows: rowGroup.num_rows, row_groups: [rowGroup] },
        columns: [column],
        compressors,
        utf8: false,
        geoparquet: false,
        pageLocationsByGroup: [locations],
      };
      const scan = await parquetScan(options);
      const values = await scan.readColumn({ column, rowStart: start, rowEnd: end });
      if (values.length !== end - start) throw new Error(`${values.length} of ${end - start} rows are there`);
      return values;
    } catch (error) {
      throw cannotBeRead(column, group.first + start, group.first + end, error);
    }
  }

  /** The pages of a chunk, unless its rows are lists, which pages do not count. */
  #pagesOf({ index, rows }: Group, chunk: Chunk, loaded: readonly Loaded[]): Promise<Page[] | undefined> {
    const name = JSON.stringify([index, chunk.path_in_schema]);
    const known = this.#pages.get(name);
    if (known) return known;
    const isList = maxRepetition(parquetSchema(this.metadata), chunk.path_in_schema) > 0;
    const found = pagesOf(bufferOf(this.source, loaded), chunkRange(chunk), rows, isList);
    found.catch(() => this.#pages.delete(name));
    this.#pages.set(name, found);
    return found;
  }

  #groupOf(row: number): Group {
    const group = this.#groups.find(({ first, rows }) => row >= first && row < first + rows);
    if (!group) throw new TableError(`It has no row ${row + 1}.`);
    return group;
  }
}

function cannotBeRead(column: string, start: number, end: number, error: unknown): unknown {
  if ((error as { code?: string }).code || !(error instanceof Error)) return error;
  const message = error.message.replace(/\.$/, "");
  return new TableError(`“${column}” cannot be read in rows ${start + 1} to ${end}: ${message}.`);
}

/** The levels of a column below the root. */
function pathOf(tree: SchemaTree, [name, ...rest]: readonly string[]): SchemaTree[] {
  const child = tree.children.find(({ element }) => element.name === name);
  return child ? [child, ...pathOf(child, rest)] : [];
}

const chunksOf = (group: RowGroup, column: string): Chunk[] =>
  group.columns.flatMap(({ meta_data: chunk }) => (chunk?.path_in_schema[0] === column ? [chunk] : []));

function maxRepetition(tree: SchemaTree, path: readonly string[]): number {
  const [name, ...rest] = path;
  const child = tree.children.find(({ element }) => element.name === name);
  if (!child) return 0;
  return (child.element.repetition_type === "REPEATED" ? 1 : 0) + maxRepetition(child, rest);
}

function columnOf(tree: SchemaTree): TableColumn {
  const { name } = tree.element;
  if (!tree.children.length) return { name, kind: leafKind(tree) };
  const item = listItem(tree);
  if (item) {
    const inner = columnOf(item);
    // How many numbers a row of a list has is seen in its first row.
    return { name, kind: inner.kind, ...(inner.kind === "picture" ? { isList: true } : {}) };
  }
  const isPicture = tree.children.some(({ element }) => element.name === "bytes" && element.type === "BYTE_ARRAY");
  return { name, kind: isPicture ? "picture" : "json" };
}

/** What a list is made of; its levels are called in several ways. */
function listItem(tree: SchemaTree): SchemaTree | undefined {
  const isList = tree.element.converted_type === "LIST" || tree.element.logical_type?.type === "LIST";
  const [repeated] = tree.children;
  if (!isList || !repeated) return undefined;
  return repeated.children.length === 1 ? repeated.children[0] : repeated;
}

function leafKind({ element }: SchemaTree): ColumnKind {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (type === "FLOAT" || type === "DOUBLE" || logical?.type === "FLOAT16" || converted === "DECIMAL") return "number";
  if (converted === "DATE" || converted?.startsWith("TIME") || logical?.type.startsWith("TIME")) return "text";
  if (type === "INT32" || type === "INT64" || type === "BOOLEAN") return "integer";
  const isText = converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING";
  if (isText || logical?.type === "UUID") return "text";
  return converted === "JSON" ? "json" : "picture";
}

/**
 * The file with one part alone of a struct, or of a list of structs, that hold a picture's bytes and its path; itself
 * where there is none.
 */
function withOnly(metadata: FileMetaData, column: string, part: "bytes" | "path"): FileMetaData {
  const tree = parquetSchema(metadata).children.find(({ element }) => element.name === column);
  const struct = tree && (listItem(tree) ?? tree);
  const parts = struct?.children.map(({ element }) => element) ?? [];
  const names = parts.map(({ name }) => name);
  const isFlat = struct?.children.every((child) => !child.children.length);
  if (!isFlat || names.length < 2 || !names.includes("bytes") || !names.includes(part)) return metadata;
  const schema = metadata.schema
    .filter((element) => !parts.includes(element) || element.name === part)
    .map((element) => (element === struct?.element ? { ...element, num_children: 1 } : element));
  const isKept = (path: readonly string[]) => path[0] !== column || path.at(-1) === part;
  const row_groups = metadata.row_groups.map((group) => ({
    ...group,
    columns: group.columns.filter(({ meta_data: chunk }) => chunk && isKept(chunk.path_in_schema)),
  }));
  return { ...metadata, schema, row_groups };
}

/** Whether a chunk holds no bytes of pictures, or the writer says that none of them are missing. */
function hasAllBytes({ path_in_schema: path, statistics }: Chunk): boolean {
  return path.at(-1) !== "bytes" || statistics?.null_count === 0n;
}

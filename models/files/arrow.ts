/** Arrow IPC files and streams (arrow.apache.org/docs/format/Columnar.html); no more is read than what is asked for. */
import { decompressZstd } from "hyparquet-compressors";
import { type ArrowField, type ArrowLayout, type Batch, layoutOf } from "./arrow-layout";
import { unpackLz4Frame } from "./lz4";
import { type ByteSource, readExactly, type TableColumn, TableError, type TableFile } from "./table-file";

/** What an unpacked buffer may claim. */
const largestBuffer = 2 ** 30;

/** Opens a file or a stream by its messages; no values are read. */
export async function openArrow(source: ByteSource): Promise<TableFile> {
  return new ArrowTable(source, await layoutOf(source));
}

class ArrowTable implements TableFile {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  readonly damage?: string;
  readonly #dictionaries = new Map<number, Promise<unknown[]>>();

  constructor(
    readonly source: ByteSource,
    readonly layout: ArrowLayout,
  ) {
    this.rows = layout.batches.reduce((sum, batch) => sum + batch.rows, 0);
    this.columns = layout.fields.map((field) => ({ name: field.name, ...kindOf(field) }));
    this.damage = layout.damage;
  }

  async read(columns: readonly string[], start: number, end: number): Promise<unknown[][]> {
    const read: unknown[][] = [];
    for (const column of columns) read.push(await this.#inBatches(column, start, end, (part) => this.#values(part)));
    return read;
  }

  async pictures(column: string, start: number, end: number): Promise<number[]> {
    const read = await this.#inBatches(column, start, end, async (part) => {
      const isThere = await this.#validity(part);
      const { type } = part.field;
      const ends = type.kind === "list" ? await this.#offsets(part, type.large) : undefined;
      const each = type.kind === "fixed list" ? type.size : 1;
      return Array.from({ length: part.end - part.start }, (_, i) => {
        if (isThere?.[i] === false) return 0;
        return ends ? (ends[i + 1] as number) - (ends[i] as number) : each;
      });
    });
    return read as number[];
  }

  async #inBatches(column: string, start: number, end: number, read: (part: Part) => Promise<unknown[]>) {
    const field = this.layout.fields.find(({ name }) => name === column);
    const values: unknown[] = [];
    let first = 0;
    for (const batch of this.layout.batches) {
      const low = Math.max(start, first) - first;
      const high = Math.min(end, first + batch.rows) - first;
      if (field && low < high) {
        try {
          for (const value of await read({ field, batch, start: low, end: high, unpacked: new Map() }))
            values.push(value);
        } catch (error) {
          if ((error as { code?: string }).code || !(error instanceof Error)) throw error;
          const rows = `rows ${first + low + 1} to ${first + high}`;
          throw new TableError(`“${column}” cannot be read in ${rows}: ${error.message.replace(/\.$/, "")}.`);
        }
      }
      first += batch.rows;
    }
    return values;
  }

  async #values(part: Part): Promise<unknown[]> {
    const isThere = await this.#validity(part);
    const values = await this.#plainValues(part);
    return isThere ? values.map((value, i) => (isThere[i] ? value : null)) : values;
  }

  async #plainValues(part: Part): Promise<unknown[]> {
    const { field, start, end } = part;
    const count = end - start;
    if (field.dictionary) {
      const dictionary = await this.#dictionary(field.dictionary.id, field);
      const places = await this.#numbers(part, field.dictionary.index);
      return places.map((place) => dictionary[Number(place)] ?? null);
    }
    const { type } = field;
    if (type.kind === "null") return Array.from({ length: count }, () => null);
    if (type.kind === "struct") return this.#structs(part);
    if (type.kind === "fixed list") {
      const inner = await this.#values(childOf(part, 0, start * type.size, end * type.size));
      return Array.from({ length: count }, (_, i) => inner.slice(i * type.size, (i + 1) * type.size));
    }
    if (type.kind === "number" || type.kind === "bool") return this.#numbers(part, type);
    if (type.kind === "fixed bytes") {
      const bytes = await this.#bytes(part, 1, start * type.size, end * type.size);
      return Array.from({ length: count }, (_, i) => bytes.slice(i * type.size, (i + 1) * type.size));
    }
    if (type.kind === "unread") throw new Error(`its type is not read: ${type.name}`);
    return this.#spans(part, type);
  }

  /** Texts, bytes and lists, whose ends lie in a buffer of their own. */
  async #spans(part: Part, type: { kind: "text" | "bytes" | "list"; large: boolean }): Promise<unknown[]> {
    const offsets = await this.#offsets(part, type.large);
    const [first = 0] = offsets;
    const last = offsets.at(-1) ?? first;
    if (type.kind === "list") {
      const inner = await this.#values(childOf(part, 0, first, last));
      return offsets.slice(1).map((end, i) => inner.slice((offsets[i] as number) - first, end - first));
    }
    const bytes = await this.#bytes(part, 2, first, last);
    return offsets.slice(1).map((end, i) => {
      const value = bytes.subarray((offsets[i] as number) - first, end - first);
      return type.kind === "text" ? utf8.decode(value) : value.slice();
    });
  }

  async #offsets(part: Part, large: boolean): Promise<number[]> {
    const width = large ? 8 : 4;
    const bytes = await this.#bytes(part, 1, part.start * width, (part.end + 1) * width);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const offsets = Array.from({ length: part.end - part.start + 1 }, (_, i) =>
      large ? Number(view.getBigInt64(i * 8, true)) : view.getInt32(i * 4, true),
    );
    if (offsets.some((offset, i) => offset < 0 || offset < (offsets[i - 1] ?? 0)))
      throw new Error("its values do not lie one behind the other");
    return offsets;
  }

  async #structs(part: Part): Promise<unknown[]> {
    const names = part.field.children.map(({ name }) => name);
    const columns: unknown[][] = [];
    for (const i of names.keys()) columns.push(await this.#values(childOf(part, i, part.start, part.end)));
    return Array.from({ length: part.end - part.start }, (_, row) =>
      Object.fromEntries(names.map((name, i) => [name, columns[i]?.[row]])),
    );
  }

  async #numbers(part: Part, type: NumberType): Promise<unknown[]> {
    const { start, end } = part;
    if (type.kind === "bool")
      return bitsIn(await this.#bytes(part, 1, start >> 3, (end + 7) >> 3), start & 7, end - start);
    const bytes = await this.#bytes(part, 1, start * type.bytes, end * type.bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: end - start }, (_, i) => type.read(view, i * type.bytes));
  }

  /** Which values there are; nothing where there are all. */
  async #validity(part: Part): Promise<boolean[] | undefined> {
    if (part.field.type.kind === "null") return Array.from({ length: part.end - part.start }, () => false);
    if (part.batch.nodes[part.field.node]?.nulls === 0) return undefined;
    if (part.batch.buffers[part.field.buffer]?.length === 0) return undefined;
    return bitsIn(
      await this.#bytes(part, 0, part.start >> 3, (part.end + 7) >> 3),
      part.start & 7,
      part.end - part.start,
    );
  }

  /** Some bytes of one of a field's buffers. */
  async #bytes(
    { field, batch, unpacked }: Part,
    which: number,
    start: number,
    end: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = batch.buffers[field.buffer + which];
    if (!buffer) throw new Error("a buffer is missing");
    if (end <= start) return new Uint8Array();
    if (!batch.compression) {
      if (end > buffer.length) throw new Error(`a buffer of ${buffer.length} bytes has no byte ${end}`);
      return readExactly(this.source, buffer.start + start, buffer.start + end);
    }
    const known = unpacked.get(buffer.start) ?? (await this.#unpack(buffer, batch.compression));
    unpacked.set(buffer.start, known);
    if (end > known.length) throw new Error(`a buffer of ${known.length} bytes has no byte ${end}`);
    return known.slice(start, end);
  }

  /** The length that a packed buffer unpacks to stands before it; −1 where it is not packed after all. */
  async #unpack(
    buffer: { start: number; length: number },
    compression: "lz4" | "zstd",
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await readExactly(this.source, buffer.start, buffer.start + buffer.length);
    if (bytes.length < 8) return new Uint8Array();
    const length = Number(new DataView(bytes.buffer).getBigInt64(0, true));
    const packed = bytes.subarray(8);
    if (length === -1) return packed;
    if (length < 0 || length > largestBuffer) throw new Error(`a buffer says that it unpacks to ${length} bytes`);
    if (compression === "lz4") return unpackLz4Frame(packed, length);
    return decompressZstd(packed, new Uint8Array(length)) as Uint8Array<ArrayBuffer>;
  }

  /** The values that a column of places refers to: those of the batches that came for it. */
  #dictionary(id: number, field: ArrowField): Promise<unknown[]> {
    const known = this.#dictionaries.get(id);
    if (known) return known;
    const inner = { ...field, dictionary: undefined, node: 0, buffer: 0 };
    const read = async () => {
      const values: unknown[] = [];
      for (const batch of this.layout.dictionaries.get(id) ?? []) {
        values.push(...(await this.#values({ field: inner, batch, start: 0, end: batch.rows, unpacked: new Map() })));
      }
      return values;
    };
    const dictionary = read();
    this.#dictionaries.set(id, dictionary);
    return dictionary;
  }
}

/** Some rows of a field in a batch. */
interface Part {
  field: ArrowField;
  batch: Batch;
  start: number;
  end: number;
  /** Buffers of the batch that are unpacked already, by where they begin. */
  unpacked: Map<number, Uint8Array<ArrayBuffer>>;
}

type NumberType = Extract<ArrowField["type"], { kind: "number" | "bool" }>;

function childOf(part: Part, i: number, start: number, end: number): Part {
  const field = part.field.children[i];
  if (!field) throw new Error("a part of it is missing");
  return { ...part, field, start, end };
}

function bitsIn(bytes: Uint8Array, first: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => (((bytes[(first + i) >> 3] ?? 0) >> ((first + i) & 7)) & 1) === 1);
}

const utf8 = new TextDecoder();

function listOf(inner: ArrowField): Omit<TableColumn, "name"> {
  const column = kindOf(inner);
  return column.kind === "picture" ? { ...column, isList: true } : column;
}

function kindOf(field: ArrowField): Omit<TableColumn, "name"> {
  const { type, children } = field;
  if (type.kind === "number") return { kind: type.isWhole ? "integer" : "number" };
  if (type.kind === "bool") return { kind: "integer" };
  if (type.kind === "text") return { kind: "text" };
  if (type.kind === "bytes") return { kind: "picture" };
  const [inner] = children;
  if (type.kind === "fixed list" && inner) return { ...listOf(inner), size: type.size };
  if (type.kind === "list" && inner) return listOf(inner);
  const isPicture = children.some(({ name, type }) => name === "bytes" && type.kind === "bytes");
  return { kind: isPicture ? "picture" : "json" };
}

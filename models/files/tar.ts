/**
 * WebDataset: tar files whose members of one name but for the ending are a sample (github.com/webdataset/webdataset).
 * An index of where they lie is made once; members are read where they are.
 */
import { imageEndings } from "./image-endings";
import { MemberCutOff, membersOf, type TarMember } from "./tar-members";
import { BadValue, type ByteSource, type KeepIndex, type TableColumn, TableError, type TableFile } from "./table-file";
import { cleanText, decodeText } from "./text";

/** The column that holds a sample's picture, of whatever format. */
const pictureColumn = "image";
const keyColumn = "key";
const integerKinds = new Set(["cls", "cls2", "class", "index", "inx", "id", "count"]);
const textKinds = new Set(["txt", "text", "caption", "transcript"]);

/** Members that are read as texts or numbers. */
const smallBytes = 16 * 2 ** 20;
/** Members this near to each other are read at once, up to so many bytes. */
const together = { gap: 2 ** 16, bytes: 2 ** 20 };

interface Index {
  keys: string[];
  columns: string[];
  damage?: string;
  /** Start and length of each sample's member of each column; a length of −1 where it has none. */
  places: Float64Array;
}

/** Opens a shard, whose index is `keep`'s. */
export async function openTar(source: ByteSource, keep: KeepIndex): Promise<TableFile> {
  const head = await source.read(0, 2);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    if (source.size <= unpackedToCheck && !(await isWholeGzip(source)))
      throw new TableError("It is compressed, and cut off or damaged: it does not unpack to its end.");
    throw new TableError(
      "It is compressed, so that nothing of it can be read by itself.",
      "Unpack it to a plain .tar: gunzip.",
    );
  }
  return new TarTable(source, decodeIndex(await keep("tar", async () => encodeIndex(await indexOf(source)))));
}

/** Compressed files up to this size are unpacked, to tell those that are damaged from those that are only packed. */
const unpackedToCheck = 16 * 2 ** 20;
/** So much of what they unpack to is looked at. */
const mostUnpacked = 2 ** 30;

async function isWholeGzip(source: ByteSource): Promise<boolean> {
  const stream = new Blob([await source.read(0, source.size)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  let unpacked = 0;
  try {
    for (let piece = await reader.read(); !piece.done && unpacked < mostUnpacked; piece = await reader.read())
      unpacked += piece.value.length;
    await reader.cancel();
    return true;
  } catch {
    return false;
  }
}

/** The first samples of a shard, to see what there is; no more is read of it. */
export async function openTarHead(source: ByteSource, samples: number): Promise<TableFile> {
  return new TarTable(source, await indexOf(source, samples));
}

class TarTable implements TableFile {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  readonly damage?: string;

  constructor(
    readonly source: ByteSource,
    readonly index: Index,
  ) {
    this.rows = index.keys.length;
    this.damage = index.damage;
    this.columns = [...index.columns.map(columnOf), { name: keyColumn, kind: "text" }];
  }

  async read(columns: readonly string[], start: number, end: number): Promise<unknown[][]> {
    const read: unknown[][] = [];
    for (const column of columns) {
      if (column === keyColumn) read.push(this.index.keys.slice(start, end));
      else read.push(await this.#readMembers(column, start, end));
    }
    return read;
  }

  async pictures(column: string, start: number, end: number): Promise<number[]> {
    return Array.from({ length: end - start }, (_, i) => (this.place(column, start + i) ? 1 : 0));
  }

  place(column: string, row: number): { start: number; length: number } | undefined {
    const place = (row * this.index.columns.length + this.index.columns.indexOf(column)) * 2;
    const [start = 0, length = -1] = this.index.places.subarray(place, place + 2);
    return length < 0 || !this.index.columns.includes(column) ? undefined : { start, length };
  }

  async #readMembers(column: string, start: number, end: number): Promise<unknown[]> {
    const places = Array.from({ length: end - start }, (_, i) => this.place(column, start + i));
    const { kind } = columnOf(column);
    const values: unknown[] = [];
    let window = { start: 0, bytes: new Uint8Array() };
    for (const [i, place] of places.entries()) {
      if (!place) {
        values.push(null);
        continue;
      }
      if (place.length > smallBytes && kind !== "picture") {
        values.push(new BadValue(`has ${place.length} bytes, too many for a text`));
        continue;
      }
      const isLoaded = place.start >= window.start && place.start + place.length <= window.start + window.bytes.length;
      if (!isLoaded) window = { start: place.start, bytes: await this.source.read(place.start, windowEnd(places, i)) };
      const offset = place.start - window.start;
      values.push(valueOf(kind, window.bytes.slice(offset, offset + place.length)));
    }
    return values;
  }
}

/** How far to read at once from a member on. */
function windowEnd(places: readonly ({ start: number; length: number } | undefined)[], first: number): number {
  const { start = 0, length = 0 } = places[first] ?? {};
  let end = start + length;
  for (const place of places.slice(first + 1, first + 1024)) {
    if (!place) continue;
    const isNear = place.start >= end && place.start - end <= together.gap;
    if (!isNear || place.start + place.length - start > together.bytes) break;
    end = place.start + place.length;
  }
  return end;
}

function columnOf(name: string): TableColumn {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  if (name === pictureColumn || imageEndings.has(ending)) return { name, kind: "picture" };
  if (ending === "json") return { name, kind: "json" };
  return { name, kind: integerKinds.has(ending) ? "integer" : "text" };
}

function valueOf(kind: TableColumn["kind"], bytes: Uint8Array): unknown {
  if (kind === "picture") return bytes;
  try {
    const text = cleanText(decodeText(bytes));
    if (kind === "text") return text;
    return kind === "json" ? JSON.parse(text) : Number(text.trim() || Number.NaN);
  } catch (error) {
    return new BadValue(error instanceof SyntaxError ? "is no JSON" : "is no UTF-8 text");
  }
}

/** Which column a kind of member belongs to; nothing for what is not read. */
function columnFor(kind: string): string | undefined {
  if (imageEndings.has(kind)) return pictureColumn;
  const ending = kind.slice(kind.lastIndexOf(".") + 1);
  const isRead = imageEndings.has(ending) || ending === "json" || integerKinds.has(ending) || textKinds.has(ending);
  return isRead ? kind : undefined;
}

interface Sample {
  key: string;
  members: Map<string, TarMember>;
}

async function indexOf(source: ByteSource, most = Number.POSITIVE_INFINITY): Promise<Index> {
  const samples: Sample[] = [];
  let damage: string | undefined;
  try {
    for await (const member of membersOf(source)) {
      const { key, kind } = nameParts(member.name);
      const column = columnFor(kind);
      if (!column) continue;
      let sample = samples.at(-1);
      if (sample?.key !== key) {
        if (samples.length === most) break;
        sample = { key, members: new Map() };
        samples.push(sample);
      }
      if (!sample.members.has(column)) sample.members.set(column, member);
    }
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    damage = error.message;
    // The sample that the file breaks off in lacks a member.
    if (error instanceof MemberCutOff && nameParts(error.member).key === samples.at(-1)?.key) samples.pop();
  }
  const columns = [...new Set(samples.flatMap(({ members }) => [...members.keys()]))];
  const places = new Float64Array(samples.length * columns.length * 2).fill(-1);
  for (const [row, { members }] of samples.entries()) {
    for (const [i, column] of columns.entries()) {
      const member = members.get(column);
      if (member) places.set([member.start, member.length], (row * columns.length + i) * 2);
    }
  }
  return { keys: samples.map(({ key }) => key), columns, places, damage };
}

/** A sample's name is the path up to the first dot of its last part; what follows is the kind of member. */
function nameParts(path: string): { key: string; kind: string } {
  const name = path.lastIndexOf("/") + 1;
  const dot = path.indexOf(".", name);
  if (dot < 0) return { key: path, kind: "" };
  return { key: cleanText(path.slice(0, dot)), kind: path.slice(dot + 1).toLowerCase() };
}

/** JSON in front, whose length the first number is, then the places. */
function encodeIndex({ places, ...names }: Index): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(names));
  const room = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + room + places.byteLength);
  new DataView(bytes.buffer).setFloat64(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(new Uint8Array(places.buffer), 8 + room);
  return bytes;
}

function decodeIndex(bytes: Uint8Array<ArrayBuffer>): Index {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  const names = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Omit<Index, "places">;
  const rest = bytes.slice(8 + Math.ceil(length / 8) * 8);
  return { ...names, places: new Float64Array(rest.buffer) };
}

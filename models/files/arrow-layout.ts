/** What an Arrow file or stream holds and where, by the metadata of its messages: no values are read. */
import { FlatTable } from "./flatbuffer";
import { fromHalf } from "./half";
import { type ByteSource, TableError } from "./table-file";

export type ArrowType =
  | { kind: "null" }
  | { kind: "struct" }
  | { kind: "bool" }
  | { kind: "number"; bytes: number; isWhole: boolean; read(view: DataView, at: number): number | bigint }
  | { kind: "text" | "bytes" | "list"; large: boolean }
  | { kind: "fixed bytes"; size: number }
  | { kind: "fixed list"; size: number }
  | { kind: "unread"; name: string };

export interface ArrowField {
  name: string;
  type: ArrowType;
  children: ArrowField[];
  /** A column of places in a list of values that comes in batches of its own. */
  dictionary?: { id: number; index: Extract<ArrowType, { kind: "number" }> };
  /** Where its node and its first buffer are among those of a batch. */
  node: number;
  buffer: number;
}

export interface Batch {
  rows: number;
  nodes: { nulls: number }[];
  /** By their places in the file. */
  buffers: { start: number; length: number }[];
  compression?: "lz4" | "zstd";
}

export interface ArrowLayout {
  fields: ArrowField[];
  batches: Batch[];
  dictionaries: Map<number, Batch[]>;
  damage?: string;
}

const largestMetadata = 64 * 2 ** 20;
const headers = { schema: 1, dictionary: 2, batch: 3 };
const fileMark = "ARROW1";

/** Reads the messages from the first one on; a file's end says whether it is whole, and no more than they do. */
export async function layoutOf(source: ByteSource): Promise<ArrowLayout> {
  const mark = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  const head = await source.read(0, 8);
  const isFile = mark(head).startsWith(fileMark);
  if (!isFile && !(head.length === 8 && head.subarray(0, 4).every((byte) => byte === 0xff)))
    throw new TableError(source.size ? "It is no Arrow file." : "It is empty.", "Choose files of the right kind.");
  if (isFile && mark(await source.read(Math.max(0, source.size - 6), source.size)) !== fileMark)
    throw new TableError("It is cut off: its end is missing.");
  const layout: ArrowLayout = { fields: [], batches: [], dictionaries: new Map() };
  try {
    await readMessages(source, isFile ? 8 : 0, layout);
  } catch (error) {
    if ((error as { code?: string }).code || !(error instanceof Error)) throw error;
    const reason = error instanceof TableError ? error.message : `A message is damaged: ${error.message}.`;
    if (!layout.fields.length) throw new TableError(reason);
    layout.damage = reason;
  }
  if (!layout.fields.length) throw new TableError("It has no schema.");
  return layout;
}

async function readMessages(source: ByteSource, start: number, layout: ArrowLayout): Promise<void> {
  for (let offset = start; offset + 8 <= source.size; ) {
    const lead = new DataView((await source.read(offset, offset + 8)).buffer);
    if (lead.getUint32(0, true) !== 0xffffffff) throw new TableError(`A message was expected at byte ${offset}.`);
    const length = lead.getInt32(4, true);
    if (length === 0) return;
    const body = offset + 8 + length;
    if (length < 0 || length > largestMetadata || body > source.size)
      throw new TableError(`It is cut off: a message at byte ${offset} says that it has ${length} bytes.`);
    const message = FlatTable.root(await source.read(offset + 8, body));
    const bodyLength = message.int64(3);
    if (!(bodyLength >= 0 && body + bodyLength <= source.size))
      throw new TableError(
        `It is cut off: ${bodyLength} bytes belong to a message at byte ${offset}, and it ends before.`,
      );
    take(message, body, bodyLength, layout);
    offset = body + bodyLength;
  }
}

function take(message: FlatTable, body: number, bodyLength: number, layout: ArrowLayout): void {
  const header = message.table(2);
  const kind = message.int8(1);
  if (!header) return;
  if (kind === headers.schema) {
    if (header.int16(0) !== 0) throw new TableError("Its numbers have their large end first, which is not read.");
    layout.fields = fieldsOf(header.tables(1));
  }
  if (kind === headers.batch) layout.batches.push(batchOf(header, body, bodyLength));
  const data = kind === headers.dictionary ? header.table(1) : undefined;
  if (!data) return;
  const id = header.int64(0);
  const isDelta = header.int8(2) !== 0;
  const before = layout.dictionaries.get(id) ?? [];
  if (before.length && !isDelta) throw new TableError("A list of values is replaced on the way, which is not read.");
  layout.dictionaries.set(id, [...before, batchOf(data, body, bodyLength)]);
}

function batchOf(header: FlatTable, body: number, bodyLength: number): Batch {
  const rows = header.int64(0);
  const nodes = header.structs(1, 16).map((node) => ({
    length: Number(node.getBigInt64(0, true)),
    nulls: Number(node.getBigInt64(8, true)),
  }));
  const buffers = header.structs(2, 16).map((buffer) => ({
    start: body + Number(buffer.getBigInt64(0, true)),
    length: Number(buffer.getBigInt64(8, true)),
  }));
  const leaves = buffers.find(({ start, length }) => start < body || length < 0 || start + length > body + bodyLength);
  if (leaves) throw new TableError(`A buffer of ${leaves.length} bytes leaves its batch.`);
  // Rows without any buffer would cost nothing to claim.
  const most = Math.max(bodyLength * 8, 2 ** 20);
  if (!(rows >= 0 && rows <= most))
    throw new TableError(`A batch of ${bodyLength} bytes says that it has ${rows} rows.`);
  const codec = header.table(3);
  return { rows, nodes, buffers, compression: codec && (codec.int8(0) === 1 ? "zstd" : "lz4") };
}

/** The fields with their places in a batch, where each comes before its parts. */
function fieldsOf(tables: readonly FlatTable[]): ArrowField[] {
  const next = { node: 0, buffer: 0 };
  return tables.map((table) => fieldOf(table, next));
}

function fieldOf(table: FlatTable, next: { node: number; buffer: number }): ArrowField {
  const encoding = table.table(4);
  const type = typeOf(table.int8(2), table.table(3));
  const { node, buffer } = next;
  const index = encoding && typeOf(2, encoding.table(1));
  next.node++;
  next.buffer += encoding ? 2 : buffersOf(type);
  // The parts of a column of places lie with its values.
  const children = table.tables(5).map((child) => fieldOf(child, encoding ? { node: 0, buffer: 0 } : next));
  const dictionary = index?.kind === "number" ? { id: encoding?.int64(0) ?? 0, index } : undefined;
  return { name: table.text(0), type, children, dictionary, node, buffer };
}

function buffersOf(type: ArrowType): number {
  if (type.kind === "null") return 0;
  if (type.kind === "struct" || type.kind === "fixed list") return 1;
  return type.kind === "text" || type.kind === "bytes" ? 3 : 2;
}

/** The types of Schema.fbs by their numbers. */
function typeOf(number: number, table: FlatTable | undefined): ArrowType {
  const spans: Record<number, ArrowType> = {
    1: { kind: "null" },
    4: { kind: "bytes", large: false },
    5: { kind: "text", large: false },
    6: { kind: "bool" },
    12: { kind: "list", large: false },
    13: { kind: "struct" },
    19: { kind: "bytes", large: true },
    20: { kind: "text", large: true },
    21: { kind: "list", large: true },
  };
  const size = table?.int32(0) ?? 0;
  if (number === 2) return wholeNumber(table?.int32(0) ?? 32, table?.int8(1) !== 0);
  if (number === 3) return floats[table?.int16(0) ?? 1] ?? { kind: "unread", name: "float" };
  if (number === 15) return { kind: "fixed bytes", size };
  if (number === 16) return { kind: "fixed list", size };
  return spans[number] ?? { kind: "unread", name: unreadNames[number] ?? `number ${number}` };
}

const unreadNames: Record<number, string> = {
  ...{ 7: "decimal", 8: "date", 9: "time", 10: "timestamp", 11: "interval", 14: "union", 17: "map", 18: "duration" },
  ...{ 22: "run-end encoded", 23: "binary view", 24: "text view", 25: "list view", 26: "large list view" },
};

const floats: ArrowType[] = [
  { kind: "number", bytes: 2, isWhole: false, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  { kind: "number", bytes: 4, isWhole: false, read: (view, at) => view.getFloat32(at, true) },
  { kind: "number", bytes: 8, isWhole: false, read: (view, at) => view.getFloat64(at, true) },
];

function wholeNumber(bits: number, isSigned: boolean): ArrowType {
  const reads: Record<string, (view: DataView, at: number) => number | bigint> = {
    "8s": (view, at) => view.getInt8(at),
    "8": (view, at) => view.getUint8(at),
    "16s": (view, at) => view.getInt16(at, true),
    "16": (view, at) => view.getUint16(at, true),
    "32s": (view, at) => view.getInt32(at, true),
    "32": (view, at) => view.getUint32(at, true),
    "64s": (view, at) => view.getBigInt64(at, true),
    "64": (view, at) => view.getBigUint64(at, true),
  };
  const read = reads[`${bits}${isSigned ? "s" : ""}`];
  return read
    ? { kind: "number", bytes: bits / 8, isWhole: true, read }
    : { kind: "unread", name: `${bits}-bit integer` };
}

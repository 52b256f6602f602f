/**
 * Reads the head of a GGUF file (version 2 and 3): what it says of its model, and where its tensors lie. Everything
 * that it claims is checked against the file before it is believed. Source: ggml, docs/gguf.md.
 */
import type { ByteSource } from "../safetensors";
import { cutText } from "../text";
import { blockTypes } from "./blocks";

export type GgufValue = number | bigint | boolean | string | GgufValue[];
export interface GgufTensor {
  /** As ggml calls it, such as "Q4_K"; of a type that is not read too. */
  type: string;
  /** The slowest axis first, as everywhere else here. */
  shape: number[];
  /** Bytes from the start of the file. */
  start: number;
  end: number;
}
export interface GgufFile {
  metadata: Map<string, GgufValue>;
  tensors: Map<string, GgufTensor>;
}

/** A file that cannot be read as one, with the field that is at fault. */
export class GgufError extends Error {
  readonly hint: string;
  constructor(what: string, hint = "The file is damaged or no GGUF file. Download it again.") {
    super(`The GGUF file cannot be read: ${what}.`);
    this.hint = hint;
  }
}

/** The most bytes that are read to find the end of the head. */
const headBytes = 256 * 2 ** 20;
/** A piece to begin with: it is read again, twice as long, where the head is longer. */
const firstPiece = 2 ** 20;

/** The head of a file, of which no more is read. */
export async function openGguf({ size, read }: ByteSource): Promise<GgufFile> {
  for (let length = Math.min(size, firstPiece); ; length = Math.min(size, length * 2)) {
    const bytes = await read(0, length);
    try {
      return new HeadReader(bytes, size).file();
    } catch (error) {
      if (!(error instanceof TooShort)) throw error;
      if (length === size) throw new GgufError(`it ends within ${error.message}`);
      if (length >= headBytes) throw new GgufError(`its head has more than ${headBytes / 2 ** 20} MiB`);
    }
  }
}

/** The bytes at hand end before the head does. */
class TooShort extends Error {}

/** Kinds of numbers by their ids: bytes, and how they are read. */
const scalars: Record<number, { bytes: number; read(view: DataView, at: number): GgufValue }> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  10: { bytes: 8, read: (view, at) => plain(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => plain(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};
const stringKind = 8;
const arrayKind = 9;
const mostAxes = 4;
/** Lists inside of lists. */
const mostLevels = 4;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const plain = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

class HeadReader {
  #at = 0;
  /** What is being read, for messages. */
  #field = "the first bytes";
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly fileBytes: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  file(): GgufFile {
    if (this.#u32() !== 0x46554747) throw new GgufError("it does not begin with “GGUF”", "Choose a .gguf file.");
    const version = this.#u32();
    if (version !== 2 && version !== 3)
      throw new GgufError(`it is of version ${version}, and 2 and 3 are read`, "Convert it with a newer llama.cpp.");
    // a tensor takes 24 bytes at least, an entry 13
    const tensorCount = this.#count("tensor_count", 24);
    const entryCount = this.#count("metadata_kv_count", 13);
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < entryCount; i++) {
      this.#field = `entry ${i + 1} of ${entryCount}`;
      const name = this.#text();
      this.#field = `the entry ${shown(name)}`;
      if (metadata.has(name)) this.#fail("occurs twice");
      metadata.set(name, this.#value(this.#u32(), 0));
    }
    const described = Array.from({ length: tensorCount }, (_, i) => this.#tensor(i, tensorCount));
    return { metadata, tensors: this.#placed(described, alignmentOf(metadata)) };
  }

  #tensor(index: number, count: number): { name: string; type: number; shape: number[]; offset: number } {
    this.#field = `tensor ${index + 1} of ${count}`;
    const name = this.#text();
    this.#field = `the tensor ${shown(name)}`;
    const axes = this.#u32();
    if (axes > mostAxes) this.#fail(`has ${axes} axes, and ${mostAxes} are the most`);
    const sizes = Array.from({ length: axes }, () => this.#u64());
    const elements = sizes.reduce((product, size) => product * size, 1n);
    if (sizes.includes(0n) || elements > BigInt(this.fileBytes) * 8n)
      this.#fail(`has the shape [${sizes.reverse().join(", ")}], for which the file is too small`);
    const type = this.#u32();
    const offset = this.#u64();
    if (offset > BigInt(this.fileBytes)) this.#fail(`begins at ${offset}, beyond the end of the file`);
    return { name, type, shape: sizes.map(Number).reverse(), offset: Number(offset) };
  }

  /** Tensors with their places in the file, which lie in it and on none of each other. */
  #placed(described: readonly { name: string; type: number; shape: number[]; offset: number }[], alignment: number) {
    const begin = Math.ceil(this.#at / alignment) * alignment;
    const tensors = new Map<string, GgufTensor>();
    for (const { name, type, shape, offset } of described) {
      this.#field = `the tensor ${shown(name)}`;
      if (tensors.has(name)) this.#fail("occurs twice");
      if (offset % alignment) this.#fail(`begins at ${offset}, which is no multiple of ${alignment}`);
      const known = blockTypes.get(type);
      const columns = shape.at(-1) ?? 1;
      const elements = shape.reduce((product, size) => product * size, 1);
      if (known && columns % known.elements)
        this.#fail(`has rows of ${columns} numbers, and ${known.name} has blocks of ${known.elements}`);
      const start = begin + offset;
      const end = start + (known ? (elements / known.elements) * known.bytes : 0);
      if (end > this.fileBytes) this.#fail(`ends at ${end}, and the file has ${this.fileBytes} bytes`);
      tensors.set(name, { type: known?.name ?? `type ${type}`, shape, start, end });
    }
    const inOrder = [...tensors].sort(([, a], [, b]) => a.start - b.start);
    for (const [i, [name, tensor]] of inOrder.entries()) {
      const next = inOrder[i + 1];
      if (next && tensor.end > next[1].start)
        throw new GgufError(`the tensors ${shown(name)} and ${shown(next[0])} lie on each other`);
    }
    return tensors;
  }

  #value(kind: number, level: number): GgufValue {
    if (kind === stringKind) return this.#text();
    if (kind === arrayKind) return this.#list(level);
    const scalar = scalars[kind];
    if (!scalar) return this.#fail(`is of kind ${kind}, which is not known`);
    return scalar.read(this.#view, this.#step(scalar.bytes));
  }

  #list(level: number): GgufValue[] {
    if (level >= mostLevels) this.#fail(`holds lists in ${mostLevels} levels of lists`);
    const kind = this.#u32();
    const length = this.#u64();
    if (length * BigInt(scalars[kind]?.bytes ?? 8) > BigInt(this.fileBytes))
      this.#fail(`holds ${length} values, and the file has ${this.fileBytes} bytes`);
    return Array.from({ length: Number(length) }, () => this.#value(kind, level + 1));
  }

  #text(): string {
    const length = this.#u64();
    if (length > BigInt(this.fileBytes)) this.#fail(`has a text of ${length} bytes, and the file ${this.fileBytes}`);
    const start = this.#step(Number(length));
    return utf8.decode(this.bytes.subarray(start, this.#at));
  }

  #count(field: string, bytesEach: number): number {
    this.#field = field;
    const count = this.#u64();
    if (count * BigInt(bytesEach) > BigInt(this.fileBytes))
      this.#fail(`is ${count}, for which the file of ${this.fileBytes} bytes is too small`);
    return Number(count);
  }

  #u32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  #u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), true);
  }

  /** Goes on by so many bytes; gives where they begin. */
  #step(bytes: number): number {
    const start = this.#at;
    if (start + bytes > this.bytes.byteLength) throw new TooShort(this.#field);
    this.#at = start + bytes;
    return start;
  }

  #fail(what: string): never {
    throw new GgufError(`${this.#field} ${what}`);
  }
}

const shown = (name: string): string => `“${cutText(name, 80, "…")}”`;

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment === "number" && alignment > 0 && alignment <= 2 ** 20 && alignment % 8 === 0) return alignment;
  throw new GgufError(`general.alignment is ${String(alignment).slice(0, 40)}, and must be a multiple of 8`);
}

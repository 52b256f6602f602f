import { bitsOf, decode } from "./element-types";
import { toHalf } from "./half";
import { jsonFlaws } from "./json-text";
import { cutText } from "./text";

/** Reads and writes .safetensors files (https://github.com/huggingface/safetensors, "Format"). */
export interface SafetensorsHeader {
  /** In the order in which they lie in the file. */
  tensors: Map<string, TensorRange>;
  metadata: Record<string, string>;
}
export interface TensorRange {
  /** As the format calls it, such as "F32"; of a type that is not known too. */
  dtype: string;
  shape: readonly number[];
  /** Bytes from the start of the file. */
  start: number;
  end: number;
}
export interface StoredTensor {
  dtype: string;
  shape: readonly number[];
  /** A view of the file's bytes, not a copy. */
  data: Uint8Array;
}

/** A file that cannot be read as one, and what to do. */
export class SafetensorsError extends Error {
  constructor(
    what: string,
    readonly hint = "The file is damaged or no safetensors file. Download or save it again.",
  ) {
    super(what);
  }

  /** The same, of a file among several. */
  of(file: string): SafetensorsError {
    return new SafetensorsError(this.message.replace(cannotBeRead, `The file ${file} cannot be read`), this.hint);
  }
}
const cannotBeRead = "The checkpoint cannot be read";
function fail(what: string, hint?: string): never {
  throw new SafetensorsError(`${cannotBeRead}: ${what}.`, hint);
}
const cutOff = "The file is cut off. Download or copy it again, to the end.";

/** The format's own limit. */
const headerBytes = 100_000_000;
/** Deeper headers are refused: a parser would need more memory for them than the text itself has. */
const nestingLimit = 64;

const quoted = (name: string): string => `"${cutText(name, 81, "…")}"`;

/** A file of which ranges can be read. */
export interface ByteSource {
  size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

/** The header of a file, of which no more is read. */
export async function openSafetensors({ size, read }: ByteSource): Promise<SafetensorsHeader> {
  const first = await read(0, 8);
  const claimed = first.byteLength < 8 ? 0 : headerLength(first);
  return readSafetensorsHeader(await read(0, Math.min(size, 8 + Math.min(claimed, headerBytes))), size);
}

/**
 * The header of a .safetensors file: 8 bytes of length, JSON, then the tensors. Everything it claims is checked against
 * the file: sizes, bounds, no overlaps, no holes, no name twice. What the tensors hold is not looked at.
 */
export function readSafetensorsHeader(bytes: Uint8Array, fileBytes = bytes.byteLength): SafetensorsHeader {
  const length = checkedLength(bytes, fileBytes);
  const entries = parsed(bytes.subarray(8, 8 + length));
  const found = new Map<string, TensorRange>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of entries) {
    if (name === "__metadata__") metadata = metadataOf(entry);
    else found.set(name, rangeOf(name, entry, 8 + length, fileBytes));
  }
  const tensors = new Map([...found].sort(([, a], [, b]) => a.start - b.start || a.end - b.end));
  checkCover(tensors, 8 + length, fileBytes);
  return { tensors, metadata };
}

/** A file in memory: its tensors are views of the bytes. */
export function readSafetensors(bytes: Uint8Array): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const { tensors, metadata } = readSafetensorsHeader(bytes);
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // a Buffer's slice is no copy
  const stored = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, start, end }] of tensors) {
    stored.set(name, { dtype, shape, data: plain.subarray(start, end) });
  }
  return { metadata, tensors: stored };
}

/** Numbers of a floating-point tensor as float32; without a copy where they are float32 already and aligned. */
export function toFloat32({ dtype, data }: Omit<StoredTensor, "shape">, name?: string): Float32Array<ArrayBuffer> {
  const numbers = decode(dtype, data as Uint8Array<ArrayBuffer>);
  if (!numbers) throw unreadable(dtype, name);
  return numbers;
}

/** The error for a tensor that is needed as floating-point numbers and holds none that are read. */
export function unreadable(dtype: string, name?: string): SafetensorsError {
  const tensor = name === undefined ? "The tensor" : `The tensor ${quoted(name)}`;
  return new SafetensorsError(
    `${tensor} of the checkpoint is of the element type ${dtype.slice(0, 20)}, ` +
      "and weights are floating-point numbers: F64, F32, F16, BF16 or an F8.",
    "Convert this tensor in the tool that wrote the file, or load a checkpoint with weights that are not quantized.",
  );
}

export interface NumbersToWrite {
  name: string;
  shape: readonly number[];
  data: Float32Array | Float64Array;
}
/** Numbers, or a tensor as it lies in another file. */
export type TensorToWrite = NumbersToWrite | (StoredTensor & { name: string });
interface WriteOptions {
  metadata?: Record<string, string>;
  /** What float32 numbers are written as; float64 ones stay. */
  dtype?: "F32" | "F16";
}

/**
 * The file as pieces of at most 64 MiB, one after the other: the header, then the tensors. Those that need no rounding
 * are not copied. Equal input gives equal bytes.
 */
export function safetensorsParts(
  tensors: readonly TensorToWrite[],
  { metadata = {}, dtype = "F32" }: WriteOptions = {},
): Uint8Array[] {
  const pieces = tensors.map((tensor) => ({ ...pieceOf(tensor, dtype), name: tensor.name, shape: tensor.shape }));
  const described = pieces.map(({ bytes, ...tensor }) => ({ ...tensor, bytes: bytes.byteLength }));
  return [headerFor(described, metadata), ...pieces.flatMap((piece) => cut(piece.bytes))];
}

/** Neither a hash nor a file takes more than 2 GiB at a time. */
const pieceBytes = 2 ** 26;

function cut(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.byteLength / pieceBytes);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes));
}

/** A tensor to write whose bytes are there when it is their turn. */
export interface StreamedTensor {
  name: string;
  dtype: string;
  shape: readonly number[];
  /** How many bytes its parts have together. */
  bytes: number;
  parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The file as a stream that holds no more than a part of one tensor. Equal input gives equal bytes. */
export async function* streamSafetensors(
  tensors: readonly StreamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  yield headerFor(tensors, metadata);
  for (const { name, bytes, parts } of tensors) {
    let given = 0;
    for await (const part of parts()) {
      given += part.byteLength;
      yield part;
    }
    if (given !== bytes) throw new Error(`the tensor ${name} came with ${given} bytes, and ${bytes} were announced`);
  }
}

type Described = Pick<StreamedTensor, "name" | "dtype" | "shape" | "bytes">;

/** The length, and the JSON of that length, with which a file of these tensors begins. */
export function headerFor(tensors: readonly Described[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries = tensors.map(({ name, dtype, shape, bytes }) => {
    const start = offset;
    offset += bytes;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, offset] })}`;
  });
  if (Object.keys(metadata).length) entries.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const json = new TextEncoder().encode(`{${entries.join()}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

/** Writes tensors, in the given order. */
export function writeSafetensors(tensors: readonly TensorToWrite[], options?: WriteOptions): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(tensors, options);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

function pieceOf(tensor: TensorToWrite, float: "F32" | "F16"): { dtype: string; bytes: Uint8Array } {
  if ("dtype" in tensor) return { dtype: tensor.dtype, bytes: tensor.data };
  const { data } = tensor;
  const dtype = data instanceof Float64Array ? "F64" : float;
  const kept = dtype === "F16" ? Uint16Array.from(data, toHalf) : data;
  return { dtype, bytes: new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength) };
}

const headerLength = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));

/** The length of the header, which is there. */
function checkedLength(bytes: Uint8Array, fileBytes: number): number {
  const foreign = foreignKind(bytes);
  if (foreign) fail(`it is ${foreign.what}, and no safetensors file`, foreign.hint);
  if (bytes.byteLength < 8) fail(`it has ${bytes.byteLength} bytes, and a header needs at least 8`, cutOff);
  const length = headerLength(bytes);
  if (length > headerBytes) fail(`its header claims ${length} bytes, and ${headerBytes} is the limit of the format`);
  if (8 + length > fileBytes) fail(`its header claims ${length} bytes, and the file ends after ${fileBytes}`, cutOff);
  return length;
}

/** What files that are mistaken for checkpoints begin with. */
const foreignKinds: readonly { begins: string; what: string; hint: string }[] = [
  {
    begins: "PK\u0003\u0004",
    what: "a zip archive, such as torch.save writes",
    hint: "Convert it: safetensors.torch.save_file(torch.load(path, weights_only=True), “weights.safetensors”).",
  },
  { begins: "GGUF", what: "a GGUF file", hint: "Download the model's .safetensors file instead." },
  {
    begins: "version https://git-lfs",
    what: "the pointer of Git LFS to a file",
    hint: "Fetch the file itself: git lfs pull, or the download link of the file's page.",
  },
  { begins: "<", what: "a web page", hint: "Download the file itself instead of the page that shows it." },
  {
    begins: '{"',
    what: "JSON, such as the index of a checkpoint in several files",
    hint: "Choose the .safetensors file itself.",
  },
];

function foreignKind(bytes: Uint8Array): { what: string; hint: string } | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 32));
  // The length of a true header has zeros in its upper half.
  const isLength = bytes.length >= 8 && bytes.subarray(4, 8).every((byte) => byte === 0);
  return isLength ? undefined : foreignKinds.find(({ begins }) => text.startsWith(begins));
}

/** The entries of a header, by name. */
function parsed(bytes: Uint8Array): [string, unknown][] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail("its header is no JSON: it is not UTF-8");
  }
  const flaws = jsonFlaws(text, nestingLimit);
  if (flaws.some(({ kind }) => kind === "deep")) fail(`its header is nested deeper than ${nestingLimit} levels`);
  const twice = flaws.find(({ kind }) => kind === "duplicate");
  if (twice) fail(`its header names ${quoted(String(twice.path.at(-1)))} twice`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    fail("its header is no JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return fail("its header does not describe tensors");
  return Object.entries(json);
}

/** Texts by name; a file that keeps none may say null. */
function metadataOf(entry: unknown): Record<string, string> {
  if (entry === null) return {};
  const isTexts = isRecord(entry) && Object.values(entry).every((value) => typeof value === "string");
  return isTexts ? (entry as Record<string, string>) : fail("its __metadata__ does not hold texts");
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Where a tensor lies, as far as that can be said without the others. */
function rangeOf(name: string, entry: unknown, begin: number, fileBytes: number): TensorRange {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (typeof dtype !== "string" || !Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2)
    return fail(`the entry ${quoted(name)} does not describe a tensor`);
  if (![...shape, ...offsets].every(isSize))
    return fail(`the entry ${quoted(name)} does not describe a tensor: sizes and offsets are whole numbers from 0 on`);
  const [first, last] = offsets as [number, number];
  const bits = bitsOf(dtype);
  const described = `${dtype.slice(0, 20)}[${shape.join(", ")}]`;
  if (bits !== undefined) {
    const needed = ((shape as number[]).reduce((product, size) => product * size, 1) * bits) / 8;
    if (!Number.isInteger(needed)) fail(`${quoted(name)} is ${described}, which is no whole number of bytes`);
    if (last - first !== needed) fail(`${quoted(name)} has ${last - first} bytes, and ${described} needs ${needed}`);
  } else if (last < first) fail(`${quoted(name)} begins at byte ${first} and ends at byte ${last}`);
  if (begin + last > fileBytes)
    fail(
      `${quoted(name)} ends at byte ${begin + last}, and the file after ${fileBytes}; it may be cut off`,
      `${cutOff}`,
    );
  return { dtype, shape, start: begin + first, end: begin + last };
}

/** Tensors in the order of their bytes must lie one after the other, from the header to the end of the file. */
function checkCover(tensors: ReadonlyMap<string, TensorRange>, begin: number, fileBytes: number): void {
  let last = begin;
  let before = "";
  for (const [name, { start, end }] of tensors) {
    if (start < last)
      fail(
        `${quoted(name)} overlaps another tensor: it begins at byte ${start}, and ${quoted(before)} ends at ${last}`,
      );
    if (start > last) fail(`${start - last} bytes before ${quoted(name)} belong to no tensor`);
    last = end;
    before = name;
  }
  if (last !== fileBytes) fail(`its tensors end at byte ${last}, and the file after ${fileBytes}`);
}

import * as z from "zod";
import { fromHalf, toHalf } from "./half";

/** Bytes per element of the types the format knows and we read. */
const widths = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;
export type SafetensorsType = keyof typeof widths;

export interface StoredTensor {
  dtype: SafetensorsType;
  shape: readonly number[];
  /** A view of the file's bytes, not a copy. */
  data: Uint8Array;
}
export interface SafetensorsHeader {
  tensors: Map<
    string,
    {
      dtype: SafetensorsType;
      shape: readonly number[] /** Bytes from the start of the file. */;
      start: number;
      end: number;
    }
  >;
  metadata: Record<string, string>;
}

export class SafetensorsError extends Error {
  readonly hint = "The file is damaged or no safetensors file. Download or save it again.";
}
const fail = (what: string): never => {
  throw new SafetensorsError(`The checkpoint cannot be read: ${what}.`);
};

/** What a stranger's file may claim. */
const limits = { headerBytes: 16 * 2 ** 20, tensors: 100_000, rank: 16 };
const size = z.int().min(0);
const entry = z.object({
  dtype: z.string(),
  shape: z.array(size).max(limits.rank),
  data_offsets: z.tuple([size, size]),
});
const header = z.record(z.string(), z.union([entry, z.record(z.string(), z.string())]));

/**
 * The header of a .safetensors file: 8 bytes of length, JSON, then the tensors. Everything it claims is checked against
 * the file: types, sizes, bounds, no overlaps, no holes (https://github.com/huggingface/safetensors, "Format").
 */
export function readSafetensorsHeader(bytes: Uint8Array, fileBytes = bytes.byteLength): SafetensorsHeader {
  if (bytes.byteLength < 8) fail(`it has ${bytes.byteLength} bytes, and a header needs at least 8`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > limits.headerBytes) fail(`its header claims ${length} bytes, and ${limits.headerBytes} is the limit`);
  if (8 + length > bytes.byteLength)
    fail(`its header claims ${length} bytes, and the file ends after ${bytes.byteLength}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    fail("its header is no JSON");
  }
  const parsed = header.safeParse(json);
  if (!parsed.success)
    return fail(`its header does not describe tensors (${parsed.error.issues[0]?.path.join(".") || "root"})`);
  const tensors: SafetensorsHeader["tensors"] = new Map();
  const begin = 8 + length;
  let metadata: Record<string, string> = {};
  if (Object.keys(parsed.data).length > limits.tensors) fail(`it claims more than ${limits.tensors} tensors`);
  for (const [name, found] of Object.entries(parsed.data)) {
    if (name === "__metadata__") {
      metadata = found as Record<string, string>;
      continue;
    }
    const tensor = entry.safeParse(found);
    if (!tensor.success) return fail(`the entry "${name.slice(0, 80)}" does not describe a tensor`);
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = tensor.data;
    if (!Object.hasOwn(widths, dtype))
      fail(`"${name.slice(0, 80)}" has the element type ${dtype.slice(0, 20)}, which is not supported`);
    const need = shape.reduce((a, b) => a * b, 1) * widths[dtype as SafetensorsType];
    if (to - from !== need)
      fail(`"${name.slice(0, 80)}" has ${to - from} bytes, and ${dtype}[${shape.join(", ")}] needs ${need}`);
    if (begin + to > fileBytes)
      fail(`"${name.slice(0, 80)}" ends at byte ${begin + to}, and the file after ${fileBytes}; it may be cut off`);
    tensors.set(name, { dtype: dtype as SafetensorsType, shape, start: begin + from, end: begin + to });
  }
  let last = begin;
  for (const [name, { start, end }] of [...tensors].sort(([, a], [, b]) => a.start - b.start)) {
    if (start < last) fail(`"${name.slice(0, 80)}" overlaps another tensor`);
    if (start > last) fail(`${start - last} bytes before "${name.slice(0, 80)}" belong to no tensor`);
    last = end;
  }
  if (last !== fileBytes) fail(`its tensors end at byte ${last}, and the file after ${fileBytes}`);
  return { tensors, metadata };
}

export function readSafetensors(bytes: Uint8Array): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const { tensors, metadata } = readSafetensorsHeader(bytes);
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // a Buffer's slice is no copy
  return {
    metadata,
    tensors: new Map(
      [...tensors].map(([name, { dtype, shape, start, end }]) => [
        name,
        { dtype, shape, data: plain.subarray(start, end) },
      ]),
    ),
  };
}

const aligned = (data: Uint8Array, width: number): Uint8Array => (data.byteOffset % width === 0 ? data : data.slice());

/** Numbers of a floating-point tensor as float32; without a copy where they are float32 already and aligned. */
export function toFloat32({ dtype, data }: StoredTensor): Float32Array<ArrayBuffer> {
  const bytes = aligned(data, 8);
  const { buffer, byteOffset: at, byteLength: n } = bytes as Uint8Array<ArrayBuffer>;
  if (dtype === "F32") return new Float32Array(buffer, at, n / 4);
  if (dtype === "F64") return Float32Array.from(new Float64Array(buffer, at, n / 8));
  if (dtype === "F16") return Float32Array.from(new Uint16Array(buffer, at, n / 2), fromHalf);
  if (dtype === "BF16") {
    const result = new Float32Array(n / 2);
    const words = new Uint32Array(result.buffer);
    const source = new Uint16Array(buffer, at, n / 2);
    for (let i = 0; i < source.length; i++) words[i] = (source[i] as number) << 16;
    return result;
  }
  return fail(`a ${dtype} tensor holds no floating-point numbers`);
}

export interface TensorToWrite {
  name: string;
  shape: readonly number[];
  data: Float32Array | Float64Array;
}
interface WriteOptions {
  metadata?: Record<string, string>;
  /** What float32 numbers are written as; float64 ones stay. */
  dtype?: "F32" | "F16";
}

/**
 * The file as pieces, one after the other: the header, then each tensor. Tensors that need no rounding are not copied.
 * Equal input gives equal bytes.
 */
export function safetensorsParts(
  tensors: readonly TensorToWrite[],
  { metadata = {}, dtype = "F32" }: WriteOptions = {},
): Uint8Array[] {
  let offset = 0;
  const typeOf = (data: TensorToWrite["data"]) => (data instanceof Float64Array ? "F64" : dtype);
  const entries = tensors.map(({ name, shape, data }) => [
    name,
    { dtype: typeOf(data), shape, data_offsets: [offset, (offset += data.length * widths[typeOf(data)])] },
  ]);
  const text = JSON.stringify({
    ...(Object.keys(metadata).length ? { __metadata__: metadata } : {}),
    ...Object.fromEntries(entries),
  });
  const json = new TextEncoder().encode(text);
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return [
    header,
    ...tensors.map(({ data }) => {
      const kept = typeOf(data) === "F16" ? Uint16Array.from(data, toHalf) : data;
      return new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
    }),
  ];
}

/** Writes tensors, in the given order. */
export function writeSafetensors(tensors: readonly TensorToWrite[], options?: WriteOptions): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(tensors, options);
  const bytes = new Uint8Array(parts.reduce((n, p) => n + p.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

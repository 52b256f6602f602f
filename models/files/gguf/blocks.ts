/**
 * How GGUF files store numbers: plain, or in blocks that share scales. A row is a whole number of blocks.
 * Source: ggml, `ggml-quants.c` and gguf-py's `quants.py`; equal to them to the bit in float32.
 */
import { decode } from "../element-types";
import { fromHalf } from "../half";

export interface BlockType {
  name: string;
  /** Numbers in a block, and bytes that it takes. */
  elements: number;
  bytes: number;
  /** Blocks to numbers; undefined where it is not read. */
  read?(bytes: Uint8Array, target: Float32Array): void;
}

const fround = Math.fround;

/** The types that are read, and those of which only the size is known, by their numbers in the file. */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map<number, BlockType>([
  [0, { name: "F32", elements: 1, bytes: 4, read: (bytes, target) => plain("F32", bytes, target) }],
  [1, { name: "F16", elements: 1, bytes: 2, read: (bytes, target) => plain("F16", bytes, target) }],
  [30, { name: "BF16", elements: 1, bytes: 2, read: (bytes, target) => plain("BF16", bytes, target) }],
  [2, { name: "Q4_0", elements: 32, bytes: 18, read: blocks(18, 32, q4of(-8)) }],
  [3, { name: "Q4_1", elements: 32, bytes: 20, read: blocks(20, 32, q4of()) }],
  [6, { name: "Q5_0", elements: 32, bytes: 22, read: blocks(22, 32, q5of(-16)) }],
  [7, { name: "Q5_1", elements: 32, bytes: 24, read: blocks(24, 32, q5of()) }],
  [8, { name: "Q8_0", elements: 32, bytes: 34, read: blocks(34, 32, q8) }],
  [10, { name: "Q2_K", elements: 256, bytes: 84 }],
  [11, { name: "Q3_K", elements: 256, bytes: 110 }],
  [12, { name: "Q4_K", elements: 256, bytes: 144, read: blocks(144, 256, q4k) }],
  [13, { name: "Q5_K", elements: 256, bytes: 176, read: blocks(176, 256, q5k) }],
  [14, { name: "Q6_K", elements: 256, bytes: 210, read: blocks(210, 256, q6k) }],
]);

const byName = new Map([...blockTypes.values()].map((type) => [type.name, type]));

/** The types that `toNumbers` reads. */
export const readableTypes: readonly string[] = [...byName.values()].flatMap(({ name, read }) => (read ? [name] : []));

/** Whole blocks to float32, or undefined where the type is not read. */
export function toNumbers(type: string, bytes: Uint8Array): Float32Array | undefined {
  const known = byName.get(type);
  if (!known?.read) return undefined;
  const target = new Float32Array((bytes.byteLength / known.bytes) * known.elements);
  known.read(bytes, target);
  return target;
}

function plain(dtype: string, bytes: Uint8Array, target: Float32Array): void {
  target.set(decode(dtype, bytes as Uint8Array<ArrayBuffer>) ?? []);
}

/** Reads one block: `at` is where it begins, `to` where its numbers go. */
type ReadBlock = (bytes: Uint8Array, at: number, target: Float32Array, to: number) => void;

function blocks(size: number, elements: number, readBlock: ReadBlock) {
  return (bytes: Uint8Array, target: Float32Array): void => {
    for (let at = 0, to = 0; at < bytes.byteLength; at += size, to += elements) readBlock(bytes, at, target, to);
  };
}

const halfAt = (bytes: Uint8Array, at: number): number =>
  fromHalf((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
const signed = (byte: number): number => (byte << 24) >> 24;

/** 4 bits: a scale and, without a fixed shift, a minimum; the lower halves of the bytes come first. */
function q4of(shift?: number): ReadBlock {
  return (bytes, at, target, to) => {
    const scale = halfAt(bytes, at);
    const least = shift === undefined ? halfAt(bytes, at + 2) : -0; // which changes no zero
    const quants = at + (shift === undefined ? 4 : 2);
    for (let i = 0; i < 16; i++) {
      const byte = bytes[quants + i] as number;
      target[to + i] = fround(scale * ((byte & 15) + (shift ?? 0))) + least;
      target[to + 16 + i] = fround(scale * ((byte >> 4) + (shift ?? 0))) + least;
    }
  };
}

/** As with 4 bits; the fifth bits of all numbers lie together. */
function q5of(shift?: number): ReadBlock {
  return (bytes, at, target, to) => {
    const scale = halfAt(bytes, at);
    const least = shift === undefined ? halfAt(bytes, at + 2) : -0; // which changes no zero
    const fifths = at + (shift === undefined ? 4 : 2);
    for (let i = 0; i < 16; i++) {
      const byte = bytes[fifths + 4 + i] as number;
      const low = (byte & 15) | (bitAt(bytes, fifths, i) << 4);
      const high = (byte >> 4) | (bitAt(bytes, fifths, i + 16) << 4);
      target[to + i] = fround(scale * (low + (shift ?? 0))) + least;
      target[to + 16 + i] = fround(scale * (high + (shift ?? 0))) + least;
    }
  };
}

const bitAt = (bytes: Uint8Array, at: number, bit: number): number =>
  ((bytes[at + (bit >> 3)] as number) >> (bit & 7)) & 1;

function q8(bytes: Uint8Array, at: number, target: Float32Array, to: number): void {
  const scale = halfAt(bytes, at);
  for (let i = 0; i < 32; i++) target[to + i] = scale * signed(bytes[at + 2 + i] as number);
}

/** Scale and minimum of the eight parts of a block: 6 bits each, packed in 12 bytes. */
function scaleOf(bytes: Uint8Array, at: number, part: number): { scale: number; least: number } {
  const low = part & 3;
  const first = bytes[at + low] as number;
  const second = bytes[at + 4 + low] as number;
  if (part < 4) return { scale: first & 63, least: second & 63 };
  const third = bytes[at + 8 + low] as number;
  return { scale: (third & 15) | ((first >> 2) & 48), least: (third >> 4) | ((second >> 2) & 48) };
}

function q4k(bytes: Uint8Array, at: number, target: Float32Array, to: number): void {
  eightParts(bytes, at, target, to, at + 16);
}

function q5k(bytes: Uint8Array, at: number, target: Float32Array, to: number): void {
  eightParts(bytes, at, target, to, at + 48, at + 16);
}

/** Eight parts of 32 numbers: two of them share 32 bytes; of 5 bits, the fifth lie at `fifths`, a bit for each part. */
function eightParts(
  bytes: Uint8Array,
  at: number,
  target: Float32Array,
  to: number,
  quants: number,
  fifths?: number,
): void {
  const scale = halfAt(bytes, at);
  const leastScale = halfAt(bytes, at + 2);
  for (let part = 0; part < 8; part++) {
    const packed = scaleOf(bytes, at + 4, part);
    const own = fround(scale * packed.scale);
    const least = fround(leastScale * packed.least);
    const shift = (part & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const low = ((bytes[quants + (part >> 1) * 32 + i] as number) >> shift) & 15;
      const fifth = fifths === undefined ? 0 : ((bytes[fifths + i] as number) >> part) & 1;
      target[to + part * 32 + i] = fround(own * (low | (fifth << 4))) - least;
    }
  }
}

/** 6 bits: 128 bytes of lower halves, 64 of upper quarters, 16 scales, one scale of these. */
function q6k(bytes: Uint8Array, at: number, target: Float32Array, to: number): void {
  const scale = halfAt(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    const half = i >> 7;
    const quarter = (i >> 5) & 3;
    const low = bytes[at + half * 64 + (i & 31) + (quarter & 1) * 32] as number;
    const high = bytes[at + 128 + half * 32 + (i & 31)] as number;
    const value = ((quarter & 2 ? low >> 4 : low & 15) | (((high >> (quarter * 2)) & 3) << 4)) - 32;
    const own = fround(scale * signed(bytes[at + 192 + (i >> 4)] as number));
    target[to + i] = own * value;
  }
}

import { fromHalf, toBfloat16, toHalf } from "./half";

/**
 * The element types of safetensors, by the names they have there: how wide they are, and how those that hold
 * floating-point numbers become float32. Tensors of all others, of types that the format gets later too, are carried
 * as they came.
 */
const bits: ReadonlyMap<string, number> = new Map([
  ["BOOL", 8],
  ["F4", 4],
  ["F6_E2M3", 6],
  ["F6_E3M2", 6],
  ["U8", 8],
  ["I8", 8],
  ["F8_E5M2", 8],
  ["F8_E4M3", 8],
  ["F8_E8M0", 8],
  ["F8_E4M3FNUZ", 8],
  ["F8_E5M2FNUZ", 8],
  ["I16", 16],
  ["U16", 16],
  ["F16", 16],
  ["BF16", 16],
  ["I32", 32],
  ["U32", 32],
  ["F32", 32],
  ["C64", 64],
  ["F64", 64],
  ["I64", 64],
  ["U64", 64],
]);

/** How many bits an element takes; undefined for a type that is not known. */
export const bitsOf = (dtype: string): number | undefined => bits.get(dtype);

/** Whether a tensor of this type holds floating-point numbers that `toFloat32` reads. */
export const isReadable = (dtype: string): boolean => decoders.has(dtype);

/**
 * How many numbers of a tensor are NaN or infinite; 0 for types that hold no floating-point numbers. The bytes begin
 * and end with an element.
 */
export function countNonFinite(dtype: string, bytes: Uint8Array<ArrayBuffer>): number {
  const [Type, mask, value, step = 1] = nonFinite.get(dtype) ?? [];
  if (!Type || mask === undefined) return 0;
  const words = view<Uint8Array | Uint16Array | Uint32Array>(Type, bytes);
  let count = 0;
  // The higher half of a number of two words comes second.
  for (let i = step - 1; i < words.length; i += step) {
    if (((words[i] as number) & mask) === value) count++;
  }
  return count;
}

/** What bits of a word say that a number is not finite, and how many words it takes. */
type Bits = readonly [
  Type: typeof Uint8Array | typeof Uint16Array | typeof Uint32Array,
  mask: number,
  value: number,
  step?: number,
];
const nonFinite: ReadonlyMap<string, Bits> = new Map<string, Bits>([
  ["F64", [Uint32Array, 0x7ff00000, 0x7ff00000, 2]],
  ["F32", [Uint32Array, 0x7f800000, 0x7f800000]],
  ["F16", [Uint16Array, 0x7c00, 0x7c00]],
  ["BF16", [Uint16Array, 0x7f80, 0x7f80]],
  ["F8_E4M3", [Uint8Array, 0x7f, 0x7f]],
  ["F8_E5M2", [Uint8Array, 0x7c, 0x7c]],
  ["F8_E4M3FNUZ", [Uint8Array, 0xff, 0x80]],
  ["F8_E5M2FNUZ", [Uint8Array, 0xff, 0x80]],
]);

/** Bytes of a type to float32, or undefined where it holds no floating-point numbers that are read. */
export function decode(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> | undefined {
  return decoders.get(dtype)?.(bytes);
}

/** Whole numbers as float32, such as counts and places in a queue; undefined for types that hold none of these. */
export function decodeIntegers(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> | undefined {
  if (dtype === "I64") return Float32Array.from(view(BigInt64Array, bytes), Number);
  return dtype === "I32" ? Float32Array.from(view(Int32Array, bytes)) : undefined;
}

/** float32 numbers as bytes of a narrower type, rounded to nearest even. */
export function encode(dtype: "F32" | "F16" | "BF16", numbers: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (dtype === "F32") return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const round = dtype === "F16" ? toHalf : toBfloat16;
  const words = new Uint16Array(numbers.length);
  for (let i = 0; i < words.length; i++) words[i] = round(numbers[i] as number);
  return new Uint8Array(words.buffer);
}

type Decoder = (bytes: Uint8Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["F32", (bytes) => view(Float32Array, bytes)],
  ["F64", (bytes) => Float32Array.from(view(Float64Array, bytes))],
  ["F16", (bytes) => Float32Array.from(view(Uint16Array, bytes), fromHalf)],
  ["BF16", fromBfloat16],
  ["F8_E4M3", byTable({ exponent: 4, bias: 7, special: "nan" })],
  ["F8_E5M2", byTable({ exponent: 5, bias: 15, special: "ieee" })],
  ["F8_E4M3FNUZ", byTable({ exponent: 4, bias: 8, special: "unsigned zero" })],
  ["F8_E5M2FNUZ", byTable({ exponent: 5, bias: 16, special: "unsigned zero" })],
]);

/** The bytes as numbers of a type, without a copy where they are aligned for it. */
function view<T>(
  Type: { new (buffer: ArrayBuffer, offset: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
  bytes: Uint8Array<ArrayBuffer>,
): T {
  const width = Type.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return new Type(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const source = view(Uint16Array, bytes);
  const result = new Float32Array(source.length);
  const words = new Uint32Array(result.buffer);
  for (let i = 0; i < source.length; i++) words[i] = (source[i] as number) << 16;
  return result;
}

/** A float of 8 bits: how many of them are the exponent, what is taken off it, and what the last numbers stand for. */
interface Float8 {
  exponent: number;
  bias: number;
  /**
   * "ieee": the highest exponent is infinity and NaN. "nan": only the very last number is NaN, and nothing is infinite
   * (Micikevicius et al. 2022). "unsigned zero": there is no −0, whose place NaN takes (Noune et al. 2022).
   */
  special: "ieee" | "nan" | "unsigned zero";
}

function byTable(format: Float8): Decoder {
  let table: Float32Array | undefined;
  return (bytes) => {
    table ??= Float32Array.from({ length: 256 }, (_, byte) => float8(byte, format));
    const result = new Float32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) result[i] = table[bytes[i] as number] as number;
    return result;
  };
}

function float8(byte: number, { exponent: width, bias, special }: Float8): number {
  const mantissa = 7 - width;
  const sign = byte & 0x80 ? -1 : 1;
  const magnitude = byte & 0x7f;
  const exponent = magnitude >> mantissa;
  const fraction = (magnitude & (2 ** mantissa - 1)) / 2 ** mantissa;
  if (special === "unsigned zero" && byte === 0x80) return Number.NaN;
  if (special === "nan" && magnitude === 0x7f) return Number.NaN;
  if (special === "ieee" && exponent === 2 ** width - 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

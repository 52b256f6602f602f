import type { TensorProto } from "onnx-buf";
import { fromHalf } from "../../files/half";
import type { Constant, DType, StoredNumbers } from "../graph";
import { OnnxError, Untranslatable } from "./error";

/** A tensor of the file, in the few element types that we compute with. */
export interface FileTensor {
  dtype: DType;
  shape: number[];
  data: Constant["data"];
  /** Its numbers were left where they are, and `data` is empty. */
  unread?: boolean;
  /** Where they are, for whoever wants them. */
  stored?: StoredNumbers;
}

/** How an element type of the file is stored and what it is computed with. */
interface ElementType {
  name: string;
  dtype: DType;
  width: number;
  read(view: DataView, offset: number): number | bigint;
}

/**
 * Element types by their number in the file. All floats are computed with in float32 and all integers in int64, but for
 * uint8, which pictures come in: half-precision and int32 models run wider than they were saved, with results that
 * differ by rounding alone.
 */
const elements: Readonly<Record<number, ElementType>> = {
  1: { name: "float32", dtype: "float32", width: 4, read: (v, i) => v.getFloat32(i, true) },
  2: { name: "uint8", dtype: "uint8", width: 1, read: (v, i) => v.getUint8(i) },
  3: { name: "int8", dtype: "int64", width: 1, read: (v, i) => BigInt(v.getInt8(i)) },
  4: { name: "uint16", dtype: "int64", width: 2, read: (v, i) => BigInt(v.getUint16(i, true)) },
  5: { name: "int16", dtype: "int64", width: 2, read: (v, i) => BigInt(v.getInt16(i, true)) },
  6: { name: "int32", dtype: "int64", width: 4, read: (v, i) => BigInt(v.getInt32(i, true)) },
  7: { name: "int64", dtype: "int64", width: 8, read: (v, i) => v.getBigInt64(i, true) },
  9: { name: "bool", dtype: "bool", width: 1, read: (v, i) => v.getUint8(i) },
  10: { name: "float16", dtype: "float32", width: 2, read: (v, i) => fromHalf(v.getUint16(i, true)) },
  11: { name: "float64", dtype: "float32", width: 8, read: (v, i) => v.getFloat64(i, true) },
  12: { name: "uint32", dtype: "int64", width: 4, read: (v, i) => BigInt(v.getUint32(i, true)) },
  13: { name: "uint64", dtype: "int64", width: 8, read: (v, i) => BigInt.asIntN(64, v.getBigUint64(i, true)) },
  16: { name: "bfloat16", dtype: "float32", width: 2, read: (v, i) => bfloat(v.getUint16(i, true)) },
};
const foreign: Record<number, string> = {
  8: "string",
  14: "complex64",
  15: "complex128",
  17: "float8",
  18: "float8",
  19: "float8",
  20: "float8",
  21: "uint4",
  22: "int4",
  23: "float4",
};

const word = new DataView(new ArrayBuffer(4));
function bfloat(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}

const lowered = (what: string): string => what.replace(/^The /, "the ");

function elementOf(type: number, what: string): ElementType {
  const element = elements[type];
  if (element) return element;
  const held = foreign[type] ?? `elements of type ${type}`;
  throw new Untranslatable(`${lowered(what)} holds ${held}`, {
    message: `${what} holds ${held}, which is not read.`,
    hint: "Export the model with float32 weights, not quantized.",
  });
}
/** What we compute with in place of an element type of the file. */
export const dtypeOf = (type: number, what: string): DType => elementOf(type, what).dtype;
/** The same, and what the file's own type is called. */
export const elementTypeOf = (type: number, what: string): { dtype: DType; name: string } => elementOf(type, what);

/** How many bytes a tensor's numbers take where they are stored raw, as in another file. */
export function byteLengthOf(proto: TensorProto, what = `The tensor “${proto.name}”`): number {
  const { element, count } = claimsOf(proto, what);
  return element.width * count;
}

/** A tensor of which only the head is read. */
export function unreadTensor(proto: TensorProto, what = `The tensor “${proto.name}”`): FileTensor {
  const { element, shape } = claimsOf(proto, what);
  return { dtype: element.dtype, shape, data: filled(element.dtype, 0, () => 0), unread: true };
}

/** Decodes a tensor. What it claims is checked against what it holds before anything is allocated. */
export function tensorOf(proto: TensorProto, what = `The tensor “${proto.name}”`): FileTensor {
  const { element, shape, count } = claimsOf(proto, what);
  if (proto.rawData.length === 0 && (proto.externalData.length > 0 || proto.dataLocation === 1))
    throw new Untranslatable(`${lowered(what)} keeps its numbers in another file`);
  const isRaw = proto.rawData.length > 0 || count === 0;
  const data = isRaw ? rawNumbers(proto, element, count) : listedNumbers(proto, element, count);
  if (data) return { dtype: element.dtype, shape, data };
  const claim = `${what} claims ${count} elements`;
  throw new OnnxError(
    isRaw
      ? `${claim} of ${element.name} [${shape.join(", ")}] and holds ${proto.rawData.length} bytes.`
      : `${claim} [${shape.join(", ")}] and holds ${listOf(proto).length}.`,
  );
}

function claimsOf(proto: TensorProto, what: string): { element: ElementType; shape: number[]; count: number } {
  const element = elementOf(proto.dataType, what);
  const shape = proto.dims.map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.length > 16 || shape.some((size) => !(size >= 0)) || !Number.isSafeInteger(count))
    throw new OnnxError(`${what} claims the shape [${shape.slice(0, 20).join(", ")}].`);
  return { element, shape, count };
}

/** The elements of a tensor that is stored as bytes; undefined when they are not as many as it claims. */
function rawNumbers(
  { rawData }: TensorProto,
  { name, dtype, width, read }: ElementType,
  count: number,
): FileTensor["data"] | undefined {
  if (rawData.length !== count * width) return undefined;
  if (name === "float32") return new Float32Array(new Uint8Array(rawData).buffer);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return filled(dtype, count, (i) => read(view, i * width));
}

/** The elements of a tensor that lists them one by one: half precision as bits, small integers as int32. */
function listedNumbers(proto: TensorProto, { dtype }: ElementType, count: number): FileTensor["data"] | undefined {
  const list = listOf(proto);
  if (list.length !== count) return undefined;
  const ofBits: Record<number, (bits: number) => number> = { 10: fromHalf, 16: bfloat };
  const convert = ofBits[proto.dataType];
  return filled(dtype, count, (i) => {
    const element = list[i] as number | bigint;
    return convert ? convert(Number(element)) : element;
  });
}

function listOf(proto: TensorProto): readonly (number | bigint)[] {
  const lists: Record<number, readonly (number | bigint)[]> = {
    1: proto.floatData,
    7: proto.int64Data,
    11: proto.doubleData,
    12: proto.uint64Data,
    13: proto.uint64Data,
  };
  return lists[proto.dataType] ?? proto.int32Data;
}

function filled(dtype: DType, length: number, elementAt: (i: number) => number | bigint): FileTensor["data"] {
  if (dtype === "int64") return BigInt64Array.from({ length }, (_, i) => BigInt(elementAt(i)));
  const numberAt = (_: unknown, i: number) => Number(elementAt(i));
  return dtype === "float32" ? Float32Array.from({ length }, numberAt) : Uint8Array.from({ length }, numberAt);
}

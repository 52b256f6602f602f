/** Between the element types that Patchbay's tensors carry and those of a file that runs as it is. */
import type * as ort from "onnxruntime-node";
import { fromHalf, toHalf } from "#models/files/half";
import type { DType } from "#models/onnx/graph";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";
import type { Fed } from "./feeds";

type ElementType = ort.Tensor.Type;
type Data = ort.Tensor.DataType;

interface Element {
  /** What a wire carries in its place. */
  dtype: DType;
  /** The smallest and the largest number, of integers. */
  range?: readonly [bigint, bigint];
  from(count: number, numberAt: (i: number) => number | bigint): Data;
  /** One element as a number, where it is stored as something else. */
  read?(element: number): number;
}

const bits = (n: number) => 2n ** BigInt(n);
const signed = (n: number) => [-bits(n - 1), bits(n - 1) - 1n] as const;
const unsigned = (n: number) => [0n, bits(n) - 1n] as const;

const elements: Partial<Record<ElementType, Element>> = {
  float32: { dtype: "float32", from: (length, at) => Float32Array.from({ length }, (_, i) => Number(at(i))) },
  float64: { dtype: "float32", from: (length, at) => Float64Array.from({ length }, (_, i) => Number(at(i))) },
  float16: {
    dtype: "float32",
    from: (length, at) => Uint16Array.from({ length }, (_, i) => toHalf(Number(at(i)))),
    read: fromHalf,
  },
  bool: { dtype: "bool", from: (length, at) => Uint8Array.from({ length }, (_, i) => Number(Number(at(i)) !== 0)) },
  uint8: {
    dtype: "uint8",
    range: unsigned(8),
    from: (length, at) => Uint8Array.from({ length }, (_, i) => Number(at(i))),
  },
  int8: {
    dtype: "int64",
    range: signed(8),
    from: (length, at) => Int8Array.from({ length }, (_, i) => Number(at(i))),
  },
  uint16: {
    dtype: "int64",
    range: unsigned(16),
    from: (length, at) => Uint16Array.from({ length }, (_, i) => Number(at(i))),
  },
  int16: {
    dtype: "int64",
    range: signed(16),
    from: (length, at) => Int16Array.from({ length }, (_, i) => Number(at(i))),
  },
  uint32: {
    dtype: "int64",
    range: unsigned(32),
    from: (length, at) => Uint32Array.from({ length }, (_, i) => Number(at(i))),
  },
  int32: {
    dtype: "int64",
    range: signed(32),
    from: (length, at) => Int32Array.from({ length }, (_, i) => Number(at(i))),
  },
  uint64: {
    dtype: "int64",
    range: unsigned(64),
    from: (length, at) => BigUint64Array.from({ length }, (_, i) => BigInt(at(i))),
  },
  int64: {
    dtype: "int64",
    range: signed(64),
    from: (length, at) => BigInt64Array.from({ length }, (_, i) => BigInt(at(i))),
  },
};

/** The numbers of a tensor as the file's element type has them; texts as they are. */
export function toFileType({ dtype, data }: Fed, type: ElementType, port: string): Data {
  if (dtype === type) return data as Data;
  const element = elements[type];
  if (dtype === "string" || type === "string") throw mistyped(port, type);
  if (!element) throw foreign(port, type);
  const read = elements[dtype]?.read;
  const numberAt = (i: number) => (read ? read(Number(data[i])) : (data[i] as number | bigint));
  if (element.range) checkRange(data, element.range, port, type);
  return element.from(data.length, numberAt);
}

function checkRange(data: Tensor["data"], [low, high]: readonly [bigint, bigint], port: string, type: string): void {
  for (const number of data) {
    if (number >= low && number <= high) continue;
    throw new Failure({
      port,
      message: `“${port}” holds ${number}, and the file takes ${type}: ${low} to ${high}.`,
      hint: "Check what is wired to it.",
    });
  }
}

/** A tensor that the file gave, in an element type that a wire carries. */
export function fromFileType(value: ort.Tensor, port: string): Fed {
  const { type, dims, data } = value;
  if (type === "string") return { dtype: type, shape: dims, data: data as string[] };
  const element = elements[type];
  if (!element) throw foreign(port, type);
  const { dtype, read } = element;
  if (type === dtype) return { dtype, shape: dims, data: data as Tensor["data"] };
  const list = data as ArrayLike<number | bigint>;
  const numberAt = (i: number) => (read ? read(Number(list[i])) : (list[i] as number | bigint));
  const cast = elements[dtype]?.from(list.length, numberAt) as Tensor["data"];
  return { dtype, shape: dims, data: cast };
}

/** Ports are read from the file when it is uploaded, so they fit unless they are another file's. */
const mistyped = (port: string, type: string): Failure =>
  new Failure({
    port,
    message: `“${port}” of the model takes ${type === "string" ? "texts" : "numbers"}, unlike the port of this node.`,
    hint: "Upload the file again: its ports are read anew.",
  });

const foreign = (port: string, type: string): Failure =>
  new Failure({
    port,
    message: `“${port}” of the model holds ${type}, which no wire carries.`,
    hint: "Export the model with a Cast to float32 or int64 at that end.",
  });

/** Tensors in the element types of their files, which are more than Patchbay computes with. */
import type { TensorProto } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { fromHalf } from "#models/files/half";
import type { DType } from "#models/onnx/graph";
import type { Tensor } from "#nodes/core/values";

/** How the runtime names an element type of the file, and in which array it takes it. */
const types: Readonly<Record<number, [ort.Tensor.Type, new (length: number) => ArrayBufferView]>> = {
  1: ["float32", Float32Array],
  2: ["uint8", Uint8Array],
  3: ["int8", Int8Array],
  4: ["uint16", Uint16Array],
  5: ["int16", Int16Array],
  6: ["int32", Int32Array],
  7: ["int64", BigInt64Array],
  9: ["bool", Uint8Array],
  10: ["float16", Uint16Array],
  11: ["float64", Float64Array],
  12: ["uint32", Uint32Array],
  13: ["uint64", BigUint64Array],
};

/** A tensor of a file in its own element type. */
export function nativeTensor(proto: TensorProto): ort.Tensor {
  const shape = proto.dims.map(Number);
  if (proto.dataType === 8) {
    const texts = proto.stringData.map((bytes) => new TextDecoder().decode(bytes));
    return new ort.Tensor("string", texts, shape);
  }
  const [type, NativeArray] = types[proto.dataType] ?? [];
  if (!type || !NativeArray) throw new Error(`elements of type ${proto.dataType}`);
  const data = new NativeArray(shape.reduce((product, size) => product * size, 1));
  if (proto.rawData.length) new Uint8Array(data.buffer).set(proto.rawData);
  else fill(data, proto);
  return new ort.Tensor(type, data as never, shape);
}

/** Numbers that are listed one by one. */
function fill(data: ArrayBufferView, proto: TensorProto): void {
  const lists = [proto.floatData, proto.doubleData, proto.int64Data, proto.uint64Data, proto.int32Data];
  const list = lists.find((numbers) => numbers.length > 0) ?? [];
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (const [i, number] of list.entries())
    (data as unknown as Record<number, unknown>)[i] = isBig ? BigInt(number) : Number(number);
}

/** All numbers of a tensor. */
export function numbersOf(tensor: ort.Tensor): number[] {
  const numbers = Array.from(tensor.data as ArrayLike<number>, Number);
  return tensor.type === "float16" ? numbers.map(fromHalf) : numbers;
}

/** A tensor as a wire carries it. */
export function wireTensor(tensor: ort.Tensor | undefined, dtype: DType): Tensor | undefined {
  if (!tensor) return undefined;
  const shape = [...tensor.dims];
  if (dtype === "int64") {
    const integers = Array.from(tensor.data as ArrayLike<number | bigint>, BigInt);
    return { dtype, shape, data: BigInt64Array.from(integers) };
  }
  const numbers = numbersOf(tensor);
  return { dtype, shape, data: dtype === "float32" ? Float32Array.from(numbers) : Uint8Array.from(numbers) };
}

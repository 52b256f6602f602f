import type { Builder } from "../../blocks/builder";
import { termsOf } from "../dim";
import type { Constant, Dim, DType, Init, Shape, Value } from "../graph";
import { fixed, sizeOf } from "../shape";
import type { FileTensor } from "./tensor";

/** What flows between the ops of the file while they are emitted. */
export interface Operand {
  dtype: DType;
  shape: Shape;
  /**
   * Its elements, where they follow from the file and the shapes of the inputs alone. Integers may be symbolic sizes.
   */
  known?: readonly Dim[];
  /** As a value of our graph; made when it is first asked for. */
  value(): Value;
  /** The tensor of the file that it is. */
  tensor?: FileTensor & { name?: string };
}
/** An operand whose elements are known. */
export type Known = Operand & { known: readonly Dim[]; shape: readonly number[] };

/** Larger integer tensors are data, not sizes. */
export const knownElements = 65_536;
/** Float constants that may be scales or bounds. */
const knownFloats = 64;

export const isKnown = (operand: Operand): operand is Known => operand.known !== undefined;

export const ofValue = (value: Value): Operand => ({ dtype: value.dtype, shape: value.shape, value: () => value });

export function ofKnown(builder: Builder, dtype: DType, shape: readonly number[], known: readonly Dim[]): Known {
  let made: Value | undefined;
  return { dtype, shape, known, value: () => (made ??= materialised(builder, dtype, shape, known)) };
}

/** A tensor of the file. `parameter` makes its value; without it the tensor is a constant. */
export function ofTensor(builder: Builder, tensor: FileTensor & { name?: string }, parameter?: () => Value): Operand {
  let made: Value | undefined;
  const { dtype, shape, data } = tensor;
  const isSmall = !tensor.unread && data.length <= (dtype === "float32" ? knownFloats : knownElements);
  return {
    dtype,
    shape,
    tensor,
    known: !parameter && isSmall ? Array.from(data, Number) : undefined,
    value: () => (made ??= parameter ? parameter() : builder.graph.keep(dtype, shape, data)),
  };
}

/** What fills a parameter that is a tensor of the file: its numbers, or the place where they lie. */
export function initOf({ data, stored }: FileTensor): Init {
  if (stored) return { kind: "stored", address: stored };
  return { kind: "values", data: data as Float32Array<ArrayBuffer> };
}

/**
 * Known elements as a constant, or, where sizes are symbolic, computed from the sizes of the inputs when the model
 * runs.
 */
function materialised(builder: Builder, dtype: DType, shape: readonly number[], known: readonly Dim[]): Value {
  const { graph, op } = builder;
  if (known.every((size) => typeof size === "number")) return graph.keep(dtype, shape, arrayOf(dtype, known));
  const elements = known.map((size) => op.Reshape(sizeValue(builder, size), { to: [1] }));
  const joined = elements.length === 1 ? (elements[0] as Value) : op.Concat(...elements, { axis: 0 });
  const list = op.Reshape(joined, { to: shape });
  return dtype === "int64" ? list : op.Cast(list, { dtype });
}

/** A size as a value: as many ones as it counts, added up, so that the graph needs no op that looks at shapes. */
function sizeValue({ graph, op }: Builder, size: Dim): Value {
  const constant = (n: number) => graph.constant([n], "int64", []);
  if (typeof size === "number") return constant(size);
  const terms = termsOf(size).map(({ coefficient, factors }) => {
    if (!factors.length) return constant(coefficient);
    const ones = op.Expand(graph.constant([1], "int64", [1]), { to: [factors.join("·")] });
    const count = op.ReduceSum(ones, { keepdims: 0 });
    return coefficient === 1 ? count : op.Mul(count, constant(coefficient));
  });
  return terms.reduce((sum, term) => op.Add(sum, term));
}

function arrayOf(dtype: DType, known: readonly Dim[]): Constant["data"] {
  if (dtype === "int64") return BigInt64Array.from(known, (x) => BigInt(Math.trunc(Number(x))));
  return dtype === "float32" ? Float32Array.from(known, Number) : Uint8Array.from(known, Number);
}

export const stridesOf = (shape: readonly number[]): number[] => shape.map((_, i) => sizeOf(shape.slice(i + 1)));

/** Elements of a strided view, row by row. */
export function strided(data: readonly Dim[], shape: readonly number[], strides: readonly number[], offset = 0): Dim[] {
  const [size, ...rest] = shape;
  const [stride = 0, ...others] = strides;
  if (size === undefined) return [data[offset] as Dim];
  return Array.from({ length: size }, (_, i) => strided(data, rest, others, offset + i * stride)).flat();
}

/** The strides that repeat a tensor to a broadcast shape. */
export function broadcastStrides(shape: Shape, to: readonly number[]): number[] {
  const strides = stridesOf(fixed(shape));
  const lead = to.length - shape.length;
  return to.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : (strides[i - lead] as number)));
}

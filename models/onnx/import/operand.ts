import type { Builder } from "../../blocks/builder";
import { termsOf } from "../dim";
import type { Constant, Dim, DType, Shape, Value } from "../graph";
import { fixed, sizeOf } from "../shape";
import type { FileTensor } from "./tensor";

/** What flows between the ops of the file while they are emitted. */
export interface Operand {
  dtype: DType;
  shape: Shape;
  /** Its elements, where they follow from the file and the shapes of the inputs alone. Integers may be symbolic sizes. */
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

export const isKnown = (x: Operand): x is Known => x.known !== undefined;

export const ofValue = (value: Value): Operand => ({ dtype: value.dtype, shape: value.shape, value: () => value });

export function ofKnown(b: Builder, dtype: DType, shape: readonly number[], known: readonly Dim[]): Known {
  let made: Value | undefined;
  return { dtype, shape, known, value: () => (made ??= materialised(b, dtype, shape, known)) };
}

/** A tensor of the file. `parameter` makes its value; without it the tensor is a constant. */
export function ofTensor(b: Builder, tensor: FileTensor & { name?: string }, parameter?: () => Value): Operand {
  let made: Value | undefined;
  const { dtype, shape, data } = tensor;
  const small = data.length <= (dtype === "float32" ? knownFloats : knownElements);
  return {
    dtype,
    shape,
    tensor,
    known: !parameter && small ? Array.from(data, Number) : undefined,
    value: () => (made ??= parameter ? parameter() : b.graph.keep(dtype, shape, data)),
  };
}

/** Known elements as a constant, or, where sizes are symbolic, computed from the sizes of the inputs when the model runs. */
function materialised({ graph, op }: Builder, dtype: DType, shape: readonly number[], known: readonly Dim[]): Value {
  if (known.every((d) => typeof d === "number")) return graph.keep(dtype, shape, arrayOf(dtype, known));
  const elements = known.map((d) => op.Reshape(sizeValue(d), { to: [1] }));
  const list = op.Reshape(elements.length === 1 ? (elements[0] as Value) : op.Concat(...elements, { axis: 0 }), {
    to: shape,
  });
  return dtype === "int64" ? list : op.Cast(list, { dtype });

  /** As many ones as the size, added up: so the graph needs no op that looks at shapes. */
  function sizeValue(d: Dim): Value {
    if (typeof d === "number") return graph.constant([d], "int64", []);
    return termsOf(d)
      .map(({ coefficient, factors }) => {
        const count = factors.length
          ? op.ReduceSum(op.Expand(graph.constant([1], "int64", [1]), { to: [factors.join("·")] }), { keepdims: 0 })
          : graph.constant([1], "int64", []);
        return coefficient === 1 ? count : op.Mul(count, graph.constant([coefficient], "int64", []));
      })
      .reduce((a, b) => op.Add(a, b));
  }
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
export function broadcastStrides(from: Shape, to: readonly number[]): number[] {
  const own = stridesOf(fixed(from));
  const lead = to.length - from.length;
  return to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : (own[i - lead] as number)));
}

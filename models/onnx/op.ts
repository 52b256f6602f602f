import type { Attrs, DType, Shape, Value } from "./graph";
import type { OpName, Ops } from "./ops/index";

export interface Typed {
  dtype: DType;
  shape: Shape;
}

/** What an op that ONNX lacks is written with. */
export interface Expansion<A extends Attrs> {
  op: Ops;
  /** An op with all its outputs, where `op` gives the first. */
  all(name: OpName, inputs: readonly Value[], attrs: Attrs): readonly Value[];
  x: readonly Value[];
  attrs: A;
  /** A constant of the first input's element type. */
  scalar(n: number): Value;
  /** A list of int64. */
  integers(list: readonly number[]): Value;
}

/** What an ONNX op does to types and shapes. Its derivative lives in ../gradients, its kernel in ONNX Runtime. */
export interface OpDef<A extends Attrs = {}> {
  /** One output, or several: a call returns the first, a gradient rule sees all. */
  infer(x: readonly Value[], attrs: A): Typed | readonly Typed[];
  /** Attributes of ours that ONNX takes as int64 input tensors (`scales` as float32), in this order. */
  asInputs?: readonly (keyof A & string)[];
  /** Before which input those stand; behind all where absent. */
  asInputsAt?: number;
  /** The name ONNX knows it by, where ours differs. */
  onnx?: string;
  /** Its outputs by other ops, for what opset 21 has no name for and for what the runtime gets wrong. Done when the model is written, so that its gradient is still taken as one op. */
  expand?(c: Expansion<A>): readonly Value[] | undefined;
}

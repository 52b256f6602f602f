import type { Attrs, DType, Shape, Value } from "./graph";

export interface Typed {
  dtype: DType;
  shape: Shape;
}

/** What an ONNX op does to types and shapes. Its derivative lives in ../gradients, its kernel in ONNX Runtime. */
export interface OpDef<A extends Attrs = {}> {
  /** One output, or several: a call returns the first, a gradient rule sees all. */
  infer(x: readonly Value[], attrs: A): Typed | readonly Typed[];
  /** Attributes of ours that ONNX takes as int64 input tensors, in this order. */
  asInputs?: readonly (keyof A & string)[];
  /** The name ONNX knows it by, where ours differs. */
  onnx?: string;
}

import type { Attrs, DType, Shape, Value } from "./graph";

/** The element type and shape of an output. */
export interface Typed {
  dtype: DType;
  shape: Shape;
}

/**
 * What an ONNX op does to types and shapes. Its derivative lives in ./gradients, its kernel in ONNX Runtime; what
 * stands for it in a file where ONNX has no op of the kind is in ./expansions.
 */
export interface OpDef<A extends Attrs = {}> {
  /** One output, or several: a call returns the first, a gradient rule sees all. */
  infer(x: readonly Value[], attrs: A): Typed | readonly Typed[];
  /** Attributes of ours that ONNX takes as int64 input tensors (`scales` as float32), in this order. */
  asInputs?: readonly (keyof A & string)[];
  /** Before which input those stand; behind all where absent. */
  asInputsAt?: number;
  /** The name ONNX knows it by, where ours differs. */
  onnx?: string;
  /** Whose op it is, where it is not ONNX's own. */
  domain?: string;
}

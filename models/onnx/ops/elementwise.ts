/** Ops that work element by element, on inputs that are broadcast together. */

import type { DType, Value } from "../graph";
import type { OpDef, Typed } from "../op";
import { broadcast, broadcasted, input, like, ShapeError, show } from "../shape";

const compare = (x: readonly Value[]): Typed => ({ ...broadcasted(x), dtype: "bool" });
const logical = (x: readonly Value[]): Typed => {
  if (x.some((v) => v.dtype !== "bool"))
    throw new ShapeError(`bool is expected, and ${x.map((v) => v.dtype).join(" and ")} came`);
  return broadcasted(x);
};

export const Add: OpDef = { infer: broadcasted };
export const Sub: OpDef = { infer: broadcasted };
export const Mul: OpDef = { infer: broadcasted };
export const Div: OpDef = { infer: broadcasted };
/** Pow(base, exponent): of the base's type, whatever the exponent's. */
export const Pow: OpDef = {
  infer(x) {
    const { dtype } = input(x, 0);
    return broadcasted(x.map((v) => ({ ...v, dtype })));
  },
};
/** What is left of a / b. Floats need `fmod`, as in C: the result has the sign of a. Without it, of b. */
export const Mod: OpDef<{ fmod?: number }> = { infer: broadcasted };
export const Min: OpDef = { infer: broadcasted };
export const Max: OpDef = { infer: broadcasted };

export const Neg: OpDef = { infer: like };
export const Abs: OpDef = { infer: like };
export const Sign: OpDef = { infer: like };
export const Floor: OpDef = { infer: like };
export const Ceil: OpDef = { infer: like };
/** To the nearest whole number; halves to the even one. */
export const Round: OpDef = { infer: like };
export const Reciprocal: OpDef = { infer: like };
export const Sqrt: OpDef = { infer: like };
export const Exp: OpDef = { infer: like };
export const Log: OpDef = { infer: like };
export const Sin: OpDef = { infer: like };
export const Cos: OpDef = { infer: like };
export const Tan: OpDef = { infer: like };
export const Asin: OpDef = { infer: like };
export const Acos: OpDef = { infer: like };
export const Atan: OpDef = { infer: like };
export const Sinh: OpDef = { infer: like };
export const Cosh: OpDef = { infer: like };
export const Erf: OpDef = { infer: like };
export const Sigmoid: OpDef = { infer: like };
export const Tanh: OpDef = { infer: like };
/** Bounds are inputs, as in ONNX: Clip(x, min, max). */
export const Clip: OpDef = { infer: like };
export const Identity: OpDef = { infer: like };
/** The value without its derivative. */
export const StopGradient: OpDef = { infer: like, onnx: "Identity" };
/**
 * Dropout(x, keep): x / (1 − ratio) where the bool mask, broadcast to x, holds, else 0. The mask is drawn outside of
 * the graph; stochastic depth is a mask of [B, 1, …].
 */
export const Dropout: OpDef<{ ratio: number }> = {
  infer(x) {
    const { dtype, shape } = input(x, 0);
    const keep = input(x, 1);
    if (keep.dtype !== "bool" || broadcast(shape, keep.shape).join() !== shape.join())
      throw new ShapeError(
        `a bool mask that fits ${show(shape)} is expected, and ${keep.dtype} ${show(keep.shape)} came`,
      );
    return { dtype, shape };
  },
};

export const Greater: OpDef = { infer: compare };
export const GreaterOrEqual: OpDef = { infer: compare };
export const Less: OpDef = { infer: compare };
export const LessOrEqual: OpDef = { infer: compare };
export const Equal: OpDef = { infer: compare };
export const And: OpDef = { infer: logical };
export const Or: OpDef = { infer: logical };
export const Xor: OpDef = { infer: logical };
export const Not: OpDef = { infer: logical };
const test = (x: readonly Value[]): Typed => ({ ...like(x), dtype: "bool" });
export const IsNaN: OpDef = { infer: test };
export const IsInf: OpDef<{ detect_negative?: number; detect_positive?: number }> = { infer: test };
export const Where: OpDef = {
  infer(x) {
    const { dtype } = broadcasted(x.slice(1));
    return { dtype, shape: broadcasted(x.map((v) => ({ ...v, dtype }))).shape };
  },
};
export const Cast: OpDef<{ dtype: DType }> = { infer: (x, { dtype }) => ({ dtype, shape: input(x, 0).shape }) };

import type { DType, Value } from "../graph";
import type { OpDef, Typed } from "../op";
import { broadcasted, input, like, ShapeError } from "../shape";

const compare = (x: readonly Value[]): Typed => ({ ...broadcasted(x), dtype: "bool" });
const logical = (x: readonly Value[]): Typed => {
  if (x.some((v) => v.dtype !== "bool")) throw new ShapeError(`bool is expected, and ${x.map((v) => v.dtype).join(" and ")} came`);
  return broadcasted(x);
};

export const Add: OpDef = { infer: broadcasted };
export const Sub: OpDef = { infer: broadcasted };
export const Mul: OpDef = { infer: broadcasted };
export const Div: OpDef = { infer: broadcasted };
export const Pow: OpDef = { infer: broadcasted };
export const Min: OpDef = { infer: broadcasted };
export const Max: OpDef = { infer: broadcasted };

export const Neg: OpDef = { infer: like };
export const Abs: OpDef = { infer: like };
export const Sign: OpDef = { infer: like };
export const Floor: OpDef = { infer: like };
export const Reciprocal: OpDef = { infer: like };
export const Sqrt: OpDef = { infer: like };
export const Exp: OpDef = { infer: like };
export const Log: OpDef = { infer: like };
export const Sin: OpDef = { infer: like };
export const Cos: OpDef = { infer: like };
export const Erf: OpDef = { infer: like };
export const Sigmoid: OpDef = { infer: like };
export const Tanh: OpDef = { infer: like };
export const Relu: OpDef = { infer: like };
export const Softplus: OpDef = { infer: like };
export const HardSwish: OpDef = { infer: like };
/** `approximate: "tanh"` is the one of GPT-2 and SigLIP; "none", the exact one, is ONNX's default. */
export const Gelu: OpDef<{ approximate?: "none" | "tanh" }> = { infer: like };
/** Bounds are inputs, as in ONNX: Clip(x, min, max). */
export const Clip: OpDef = { infer: like };
export const Identity: OpDef = { infer: like };
/** The value without its derivative. */
export const StopGradient: OpDef = { infer: like, onnx: "Identity" };

export const Greater: OpDef = { infer: compare };
export const GreaterOrEqual: OpDef = { infer: compare };
export const Less: OpDef = { infer: compare };
export const LessOrEqual: OpDef = { infer: compare };
export const Equal: OpDef = { infer: compare };
export const And: OpDef = { infer: logical };
export const Or: OpDef = { infer: logical };
export const Not: OpDef = { infer: logical };
export const Where: OpDef = {
  infer(x) {
    const { dtype } = broadcasted(x.slice(1));
    return { dtype, shape: broadcasted(x.map((v) => ({ ...v, dtype }))).shape };
  },
};
export const Cast: OpDef<{ dtype: DType }> = { infer: (x, { dtype }) => ({ dtype, shape: input(x, 0).shape }) };

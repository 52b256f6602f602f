import type { OpDef } from "../op";
import { broadcast, input, like, ShapeError, show } from "../shape";

export const Relu: OpDef = { infer: like };
/** x, or `alpha`·x below 0; alpha is 0.01. */
export const LeakyRelu: OpDef<{ alpha?: number }> = { infer: like };
/** PRelu(x, slope): x, or slope·x below 0; the slope is broadcast to x. */
export const PRelu: OpDef = {
  infer(x) {
    const { dtype, shape } = input(x, 0);
    const slope = input(x, 1).shape;
    if (broadcast(shape, slope).join() !== shape.join())
      throw new ShapeError(`a slope of ${show(slope)} does not fit ${show(shape)}`);
    return { dtype, shape };
  },
};
/** x, or `alpha`·(eˣ − 1) below 0; alpha is 1. */
export const Elu: OpDef<{ alpha?: number }> = { infer: like };
/** x, or `alpha`·(eˣᐟᵃ − 1) below 0; alpha is 1. */
export const Celu: OpDef<{ alpha?: number }> = { infer: like };
/** `gamma`·Elu; the defaults are those of Klambauer et al. 2017. */
export const Selu: OpDef<{ alpha?: number; gamma?: number }> = { infer: like };
/** x above `alpha`, else 0; alpha is 1. */
export const ThresholdedRelu: OpDef<{ alpha?: number }> = { infer: like };
export const Softplus: OpDef = { infer: like };
/** x / (1 + |x|). */
export const Softsign: OpDef = { infer: like };
/** `alpha`·x + `beta` kept in [0, 1]; 0.2 and 0.5. */
export const HardSigmoid: OpDef<{ alpha?: number; beta?: number }> = { infer: like };
export const HardSwish: OpDef = { infer: like };
/**
 * x·σ(`alpha`·x): SiLU with 1, the default, and CLIP's quick GELU with 1.702 (ONNX 24). Also gives σ, which its
 * gradient reads.
 */
export const Swish: OpDef<{ alpha?: number }> = {
  infer: (x) => [like(x), like(x)],
};
/** x·tanh(softplus x). */
export const Mish: OpDef = { infer: like };
/** `approximate: "tanh"` is the one of GPT-2 and SigLIP; "none", the exact one, is ONNX's default. */
export const Gelu: OpDef<{ approximate?: "none" | "tanh" }> = { infer: like };

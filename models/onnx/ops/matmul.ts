/** Products of matrices, and sums of products. */

import type { Dim } from "../graph";
import { parseEquation } from "../equation";
import type { OpDef } from "../op";
import { broadcast, input, sameDim, ShapeError, show } from "../shape";

export const MatMul: OpDef = {
  infer(x) {
    const a = input(x, 0);
    const b = input(x, 1);
    if (a.shape.length < 2 || b.shape.length < 2)
      throw new ShapeError(
        `MatMul needs at least two axes on both sides, and got ${show(a.shape)} and ${show(b.shape)}`,
      );
    if (a.dtype !== b.dtype) throw new ShapeError(`MatMul needs one element type, and got ${a.dtype} and ${b.dtype}`);
    const [m, k] = a.shape.slice(-2) as [Dim, Dim];
    const [k2, n] = b.shape.slice(-2) as [Dim, Dim];
    if (!sameDim(k, k2))
      throw new ShapeError(
        `MatMul needs equal inner sizes, and got ${show(a.shape)} and ${show(b.shape)}: ${k} is not ${k2}`,
      );
    return { dtype: a.dtype, shape: [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n] };
  },
};

/** alpha·A·B + beta·C on matrices, with either side transposed. */
export const Gemm: OpDef<{ transA?: number; transB?: number; alpha?: number; beta?: number }> = {
  infer(x, { transA = 0, transB = 0 }) {
    const a = input(x, 0);
    const b = input(x, 1);
    if (a.shape.length !== 2 || b.shape.length !== 2)
      throw new ShapeError(`Gemm needs matrices, and got ${show(a.shape)} and ${show(b.shape)}`);
    const [m, k] = (transA ? a.shape.toReversed() : a.shape) as [Dim, Dim];
    const [k2, n] = (transB ? b.shape.toReversed() : b.shape) as [Dim, Dim];
    if (!sameDim(k, k2)) throw new ShapeError(`Gemm needs equal inner sizes, and got ${k} and ${k2}`);
    if (x[2] && broadcast(x[2].shape, [m, n]).join() !== [m, n].join())
      throw new ShapeError(`Gemm cannot add ${show(x[2].shape)} to ${show([m, n])}`);
    return { dtype: a.dtype, shape: [m, n] };
  },
};

/** A sum of products by named axes, such as "bhqd,bhkd->bhqk"; axes of size 1 are broadcast. */
export const Einsum: OpDef<{ equation: string }> = {
  infer(x, { equation }) {
    const { inputs, output } = parseEquation(
      equation,
      x.map((v) => v.shape.length),
    );
    const sizes = new Map<string, Dim>();
    for (const [i, labels] of inputs.entries()) {
      for (const [axis, label] of labels.entries()) {
        const size = input(x, i).shape[axis] as Dim;
        const known = sizes.get(label) ?? 1;
        if (known !== 1 && size !== 1 && !sameDim(known, size))
          throw new ShapeError(`"${label}" of "${equation}" is ${known} and ${size}`);
        if (known === 1 || known === "*") sizes.set(label, size === 1 ? known : size);
      }
    }
    return { dtype: input(x, 0).dtype, shape: output.map((label) => sizes.get(label) as Dim) };
  },
};

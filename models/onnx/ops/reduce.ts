/** Ops that join the elements along axes: sums, extremes, softmax, running sums and places. */

import type { Value } from "../graph";
import type { OpDef, Typed } from "../op";
import { axisOf, input, like, reduced } from "../shape";

export type Reduce = { axes?: readonly number[]; keepdims?: number };
const infer = (x: readonly Value[], { axes, keepdims = 1 }: Reduce): Typed => ({
  dtype: input(x, 0).dtype,
  shape: reduced(input(x, 0).shape, axes, keepdims === 1),
});

export const ReduceSum: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceMean: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceMax: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceMin: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceProd: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceL1: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceL2: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceSumSquare: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceLogSum: OpDef<Reduce> = { infer, asInputs: ["axes"] };
export const ReduceLogSumExp: OpDef<Reduce> = { infer, asInputs: ["axes"] };

export type Axis = { axis?: number };
export const Softmax: OpDef<Axis> = { infer: like };
export const LogSoftmax: OpDef<Axis> = { infer: like };
/** The axis is an input in ONNX. */
export const CumSum: OpDef<{ along: number; exclusive?: number; reverse?: number }> = {
  infer: like,
  asInputs: ["along"],
};

type Extreme = Axis & { keepdims?: number; select_last_index?: number };
const place = (x: readonly Value[], { axis = 0, keepdims = 1 }: Extreme): Typed => ({
  dtype: "int64",
  shape: reduced(input(x, 0).shape, [axis], keepdims === 1),
});
export const ArgMax: OpDef<Extreme> = { infer: place };
export const ArgMin: OpDef<Extreme> = { infer: place };
/** The k largest values along an axis (the smallest with `largest: 0`), and where they stood. */
export const TopK: OpDef<Axis & { k: readonly [number]; largest?: number; sorted?: number }> = {
  infer(x, { axis = -1, k }) {
    const { dtype, shape } = input(x, 0);
    const place = axisOf(axis, shape.length);
    const result = shape.map((d, i) => (i === place ? k[0] : d));
    return [
      { dtype, shape: result },
      { dtype: "int64", shape: result },
    ];
  },
  asInputs: ["k"],
};

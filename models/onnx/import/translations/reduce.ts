import type { OpName } from "../../ops/index";
import type { Translation } from "./call";

/** Axes as attribute or input; none stands for all, or with `noop_with_empty_axes` for no reduction. */
const reduction: Translation = (call) => {
  const x = call.input(0);
  const axes = call.listed("axes", 1);
  const { noop_with_empty_axes: noop, axes: _, ...attrs } = call.attrs;
  if (axes?.length) return call.emitAll(call.node.op as OpName, [x], { ...attrs, axes });
  return noop ? [x] : call.emitAll(call.node.op as OpName, [x], attrs);
};

export const ReduceSum = reduction;
export const ReduceMean = reduction;
export const ReduceMax = reduction;
export const ReduceMin = reduction;
export const ReduceProd = reduction;
export const ReduceL1 = reduction;
export const ReduceL2 = reduction;
export const ReduceSumSquare = reduction;
export const ReduceLogSum = reduction;
export const ReduceLogSumExp = reduction;

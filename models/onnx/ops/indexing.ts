import type { OpDef } from "../op";
import { axisOf, input, ShapeError } from "../shape";

const ids = (dtype: string) => {
  if (dtype !== "int64" && dtype !== "int32") throw new ShapeError(`indices must be int64, and ${dtype} came`);
};

/** Rows of a table: Gather(table, ids). */
export const Gather: OpDef<{ axis?: number }> = {
  infer(x, { axis = 0 }) {
    const data = input(x, 0), index = input(x, 1), at = axisOf(axis, data.shape.length);
    ids(index.dtype);
    return { dtype: data.dtype, shape: [...data.shape.slice(0, at), ...index.shape, ...data.shape.slice(at + 1)] };
  },
};
export const GatherElements: OpDef<{ axis?: number }> = {
  infer(x) {
    ids(input(x, 1).dtype);
    return { dtype: input(x, 0).dtype, shape: input(x, 1).shape };
  },
};
export const ScatterElements: OpDef<{ axis?: number; reduction?: "none" | "add" }> = {
  infer(x) {
    ids(input(x, 1).dtype);
    return { dtype: input(x, 0).dtype, shape: input(x, 0).shape };
  },
};
export const ScatterND: OpDef<{ reduction?: "none" | "add" }> = {
  infer(x) {
    ids(input(x, 1).dtype);
    return { dtype: input(x, 0).dtype, shape: input(x, 0).shape };
  },
};

import type { OpDef } from "../op";
import { axisOf, input, ShapeError, show } from "../shape";

const ids = (dtype: string) => {
  if (dtype !== "int64" && dtype !== "int32") throw new ShapeError(`indices must be int64, and ${dtype} came`);
};

/** Rows of a table: Gather(table, ids). */
export const Gather: OpDef<{ axis?: number }> = {
  infer(x, { axis = 0 }) {
    const data = input(x, 0);
    const index = input(x, 1);
    const place = axisOf(axis, data.shape.length);
    ids(index.dtype);
    return {
      dtype: data.dtype,
      shape: [...data.shape.slice(0, place), ...index.shape, ...data.shape.slice(place + 1)],
    };
  },
};
export const GatherElements: OpDef<{ axis?: number }> = {
  infer(x) {
    ids(input(x, 1).dtype);
    return { dtype: input(x, 0).dtype, shape: input(x, 1).shape };
  },
};
/**
 * GatherND(data, indices [.., k]): what stands at each index tuple, which addresses the first k axes behind
 * `batch_dims` common ones.
 */
export const GatherND: OpDef<{ batch_dims?: number }> = {
  infer(x, { batch_dims = 0 }) {
    const data = input(x, 0);
    const index = input(x, 1);
    const k = index.shape.at(-1);
    ids(index.dtype);
    if (typeof k !== "number" || batch_dims + k > data.shape.length)
      throw new ShapeError(`indices of ${show(index.shape)} do not address ${show(data.shape)}`);
    return { dtype: data.dtype, shape: [...index.shape.slice(0, -1), ...data.shape.slice(batch_dims + k)] };
  },
};
/**
 * What becomes of an element that is written to: replaced ("none"; each element once), or joined with all that comes.
 */
export type Reduction = "none" | "add" | "mul" | "max" | "min";
const into: OpDef["infer"] = (x) => {
  ids(input(x, 1).dtype);
  return { dtype: input(x, 0).dtype, shape: input(x, 0).shape };
};
/** ScatterElements(data, indices, updates): data[.., indices[i], ..] ← updates[i], along one axis. */
export const ScatterElements: OpDef<{ axis?: number; reduction?: Reduction }> = { infer: into };
/** ScatterND(data, indices [.., k], updates): what GatherND reads, written. */
export const ScatterND: OpDef<{ reduction?: Reduction }> = { infer: into };
/** OneHot(indices, [off, on]): a new axis of size `depth`, the last one by default. */
export const OneHot: OpDef<{ depth: number; axis?: number }> = {
  infer(x, { depth, axis = -1 }) {
    const index = input(x, 0);
    const { dtype } = input(x, 1);
    ids(index.dtype);
    return { dtype, shape: index.shape.toSpliced(axisOf(axis, index.shape.length + 1), 0, depth) };
  },
  asInputs: ["depth"],
  asInputsAt: 1,
};

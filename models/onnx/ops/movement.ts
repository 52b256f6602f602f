import type { Dim, Shape } from "../graph";
import { addDims, multiplyDims } from "../dim";
import type { OpDef } from "../op";
import { axisOf, broadcast, input, sameDim, ShapeError, show, sizeOf } from "../shape";

const product = (shape: Shape): Dim => shape.reduce(multiplyDims, 1);

/** Targets are attributes in our IR; a symbol among them is read from a graph input that has it when the model is written. */
export const Reshape: OpDef<{ to: readonly Dim[] }> = {
  infer(x, { to }) {
    const { dtype, shape } = input(x, 0);
    if (![...shape, ...to].includes("*") && product(shape) !== product(to)) throw new ShapeError(`cannot reshape ${show(shape)} to ${show(to)}: ${product(shape)} elements are not ${product(to)}`);
    // The one size that follows from the others is known when they are.
    const rest = to.filter((d) => d !== "*");
    if (rest.length === to.length - 1 && [...shape, ...rest].every((d) => typeof d === "number")) return { dtype, shape: to.map((d) => (d === "*" ? sizeOf(shape) / sizeOf(rest) : d)) };
    return { dtype, shape: to };
  },
  asInputs: ["to"],
};
export const Expand: OpDef<{ to: readonly Dim[] }> = {
  infer(x, { to }) {
    const { dtype, shape } = input(x, 0);
    return { dtype, shape: broadcast(shape, to) };
  },
  asInputs: ["to"],
};
export const Transpose: OpDef<{ perm: readonly number[] }> = {
  infer(x, { perm }) {
    const { dtype, shape } = input(x, 0);
    if (perm.toSorted((a, b) => a - b).join() !== shape.map((_, i) => i).join()) throw new ShapeError(`${show(perm)} is no permutation of the axes of ${show(shape)}`);
    return { dtype, shape: perm.map((p) => shape[p] as Dim) };
  },
};
export const Concat: OpDef<{ axis: number }> = {
  infer(x, { axis }) {
    const { dtype, shape } = input(x, 0), at = axisOf(axis, shape.length);
    for (const { shape: other } of x) {
      if (other.length !== shape.length || other.some((d, i) => i !== at && !sameDim(d, shape[i] as Dim))) throw new ShapeError(`cannot put ${show(shape)} and ${show(other)} together along axis ${at}`);
    }
    const total = x.map((v) => v.shape[at] as Dim).reduce(addDims);
    return { dtype, shape: shape.map((d, i) => (i === at ? total : d)) };
  },
};
/** Python's x[start:end:step] on the named axes; `end` may exceed the size. */
export const Slice: OpDef<{ starts: readonly number[]; ends: readonly number[]; axes: readonly number[]; steps?: readonly number[] }> = {
  infer(x, { starts, ends, axes, steps = axes.map(() => 1) }) {
    const { dtype, shape } = input(x, 0), result = [...shape];
    for (const [i, axis] of axes.entries()) {
      const at = axisOf(axis, shape.length), size = shape[at] as Dim, step = steps[i] as number;
      const known = typeof size === "number" ? size : Number.POSITIVE_INFINITY;
      const place = (n: number) => Math.min(known, Math.max(0, n < 0 ? n + known : n));
      const start = place(starts[i] as number), end = place(ends[i] as number), count = Math.ceil((end - start) / step);
      if (step < 1) throw new ShapeError("Slice takes steps of 1 or more");
      if (!Number.isFinite(count) || Number.isNaN(count)) throw new ShapeError(`cannot slice the symbolic axis ${at} of ${show(shape)}`);
      if (count < 1) throw new ShapeError(`the slice ${starts[i]}:${ends[i]} of axis ${at} of ${show(shape)} is empty`);
      result[at] = count;
    }
    return { dtype, shape: result };
  },
  asInputs: ["starts", "ends", "axes", "steps"],
};
/** Zeros around: `pads` is all beginnings, then all ends. */
export const Pad: OpDef<{ pads: readonly number[]; mode?: "constant" | "reflect" | "edge" }> = {
  infer(x, { pads }) {
    const { dtype, shape } = input(x, 0);
    return { dtype, shape: shape.map((d, i) => addDims(d, (pads[i] ?? 0) + (pads[i + shape.length] ?? 0))) };
  },
  asInputs: ["pads"],
};
export const Tile: OpDef<{ repeats: readonly number[] }> = {
  infer(x, { repeats }) {
    const { dtype, shape } = input(x, 0);
    return { dtype, shape: shape.map((d, i) => multiplyDims(d, repeats[i] ?? 1)) };
  },
  asInputs: ["repeats"],
};
export const Trilu: OpDef<{ upper?: number }> = { infer: (x) => ({ dtype: input(x, 0).dtype, shape: input(x, 0).shape }) };
/** Ones on the diagonal of a matrix of the same shape. */
export const EyeLike: OpDef = { infer: (x) => ({ dtype: input(x, 0).dtype, shape: input(x, 0).shape }) };

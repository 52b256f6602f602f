import { addDims, multiplyDims } from "../dim";
import type { Dim, Shape, Value } from "../graph";
import type { OpDef } from "../op";
import { axisOf, broadcast, input, like, sameDim, ShapeError, show, sizeOf, sliced } from "../shape";

const product = (shape: Shape): Dim => shape.reduce(multiplyDims, 1);

/**
 * Targets are attributes in our IR; a symbol among them is read from a graph input that has it when the model is
 * written.
 */
export const Reshape: OpDef<{ to: readonly Dim[] }> = {
  infer(x, { to }) {
    const { dtype, shape } = input(x, 0);
    if (![...shape, ...to].includes("*") && product(shape) !== product(to))
      throw new ShapeError(
        `cannot reshape ${show(shape)} to ${show(to)}: ${product(shape)} elements are not ${product(to)}`,
      );
    // The one size that follows from the others is known when they are.
    const rest = to.filter((d) => d !== "*");
    if (rest.length === to.length - 1 && [...shape, ...rest].every((d) => typeof d === "number"))
      return { dtype, shape: to.map((d) => (d === "*" ? sizeOf(shape) / sizeOf(rest) : d)) };
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
    if (perm.toSorted((a, b) => a - b).join() !== shape.map((_, i) => i).join())
      throw new ShapeError(`${show(perm)} is no permutation of the axes of ${show(shape)}`);
    return { dtype, shape: perm.map((p) => shape[p] as Dim) };
  },
};
export const Concat: OpDef<{ axis: number }> = {
  infer(x, { axis }) {
    const { dtype, shape } = input(x, 0);
    const place = axisOf(axis, shape.length);
    for (const { shape: other } of x) {
      if (other.length !== shape.length || other.some((d, i) => i !== place && !sameDim(d, shape[i] as Dim)))
        throw new ShapeError(`cannot put ${show(shape)} and ${show(other)} together along axis ${place}`);
    }
    const total = x.map((v) => v.shape[place] as Dim).reduce(addDims);
    return { dtype, shape: shape.map((d, i) => (i === place ? total : d)) };
  },
};
/** Python's x[start:end:step] on the named axes; `end` may exceed the size, and a step below 0 walks backwards. */
export const Slice: OpDef<{
  starts: readonly number[];
  ends: readonly number[];
  axes: readonly number[];
  steps?: readonly number[];
}> = {
  infer(x, { starts, ends, axes, steps = axes.map(() => 1) }) {
    const { dtype, shape } = input(x, 0);
    const result = [...shape];
    for (const [i, axis] of axes.entries()) {
      const place = axisOf(axis, shape.length);
      const size = shape[place] as Dim;
      const bounds = sliced(size, starts[i] as number, ends[i] as number, steps[i] as number);
      if (bounds.count !== "*" && bounds.count < 1)
        throw new ShapeError(
          `the slice ${starts[i]}:${ends[i]}:${steps[i]} of axis ${place} of ${show(shape)} is empty`,
        );
      result[place] = bounds.whole ? size : bounds.count;
    }
    return { dtype, shape: result };
  },
  asInputs: ["starts", "ends", "axes", "steps"],
};
/**
 * Pad(x, value?): `pads` is all beginnings, then all ends, and below 0 cuts. Filled with the value, 0 by default, or
 * from x: mirrored without the edge, with the edge, or as a ring.
 */
export const Pad: OpDef<{ pads: readonly number[]; mode?: "constant" | "reflect" | "edge" | "wrap" }> = {
  infer(x, { pads }) {
    const { dtype, shape } = input(x, 0);
    if (pads.length !== 2 * shape.length)
      throw new ShapeError(`${2 * shape.length} pads are expected for ${show(shape)}, and ${pads.length} came`);
    return { dtype, shape: shape.map((d, i) => addDims(d, (pads[i] ?? 0) + (pads[i + shape.length] ?? 0))) };
  },
  asInputs: ["pads"],
  asInputsAt: 1,
};
export const Tile: OpDef<{ repeats: readonly number[] }> = {
  infer(x, { repeats }) {
    const { dtype, shape } = input(x, 0);
    return { dtype, shape: shape.map((d, i) => multiplyDims(d, repeats[i] ?? 1)) };
  },
  asInputs: ["repeats"],
};
/** What lies on or below the `k`-th diagonal, or with `upper` (the default) on or above it; else 0. */
export const Trilu: OpDef<{ upper?: number; k?: number }> = { infer: like, asInputs: ["k"] };
/** Ones on the diagonal of a matrix of the same shape. */
export const EyeLike: OpDef = { infer: like };
/** A size times n. */
function times(size: Dim, n: number): Dim {
  if (typeof size === "number") return size * n;
  return n === 1 ? size : "*";
}
/** A size through n. */
function per(size: Dim, n: number): Dim {
  if (typeof size !== "number") return n === 1 ? size : "*";
  if (size % n) throw new ShapeError(`${size} is not divisible by ${n}`);
  return size / n;
}
/**
 * [N, C·b², H, W] → [N, C, H·b, W·b]. The channels are read as [b, b, C] ("DCR") or as [C, b, b] ("CRD", torch's
 * pixel_shuffle).
 */
export const DepthToSpace: OpDef<{ blocksize: number; mode?: "DCR" | "CRD" }> = {
  infer(x, { blocksize: b }) {
    const { dtype, shape } = picture(x);
    const [n, c, h, w] = shape;
    return { dtype, shape: [n, per(c, b * b), times(h, b), times(w, b)] };
  },
};
/** [N, C, H·b, W·b] → [N, b²·C, H, W]: undoes DepthToSpace "DCR". */
export const SpaceToDepth: OpDef<{ blocksize: number }> = {
  infer(x, { blocksize: b }) {
    const { dtype, shape } = picture(x);
    const [n, c, h, w] = shape;
    return { dtype, shape: [n, times(c, b * b), per(h, b), per(w, b)] };
  },
};
function picture(x: readonly Value[]): { dtype: Value["dtype"]; shape: readonly [Dim, Dim, Dim, Dim] } {
  const { dtype, shape } = input(x, 0);
  if (shape.length !== 4) throw new ShapeError(`[N, C, H, W] is expected, and ${show(shape)} came`);
  return { dtype, shape: shape as unknown as readonly [Dim, Dim, Dim, Dim] };
}

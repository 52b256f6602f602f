import type { Dim, Shape, Value } from "./graph";
import type { Typed } from "./op";

export class ShapeError extends Error {}
export const show = (shape: Shape): string => `[${shape.join(", ")}]`;
/** The size of an axis that is not known before the run. */
const anySize = "*";

export const sameDim = (a: Dim, b: Dim): boolean => a === b || a === anySize || b === anySize;

/** NumPy's broadcasting over symbolic shapes. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[a.length - rank + i] ?? 1;
    const q = b[b.length - rank + i] ?? 1;
    if (q === 1 || q === anySize) return p === 1 ? q : p;
    if (p === q || p === 1 || p === anySize) return q;
    throw new ShapeError(`cannot broadcast ${show(a)} with ${show(b)}: axis ${i} is ${p} and ${q}`);
  });
}

export const input = (x: readonly Value[], i: number): Value => {
  const value = x[i];
  if (!value) throw new ShapeError(`input ${i + 1} is missing`);
  return value;
};
export const like = (x: readonly Value[]): Typed => ({ dtype: input(x, 0).dtype, shape: input(x, 0).shape });

/** The common type of all inputs, broadcast together. */
export function broadcasted(x: readonly Value[]): Typed {
  const { dtype } = input(x, 0);
  const odd = x.find((v) => v.dtype !== dtype);
  if (odd) throw new ShapeError(`element types differ: ${dtype} and ${odd.dtype}`);
  return { dtype, shape: x.map((v) => v.shape).reduce(broadcast) };
}

/** A negative axis counts from the end. */
export function axisOf(axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis;
  if (result < 0 || result >= rank) throw new ShapeError(`axis ${axis} does not exist in a tensor of ${rank} axes`);
  return result;
}

export function reduced(shape: Shape, axes: readonly number[] = shape.map((_, i) => i), keep = true): Shape {
  const gone = new Set(axes.map((a) => axisOf(a, shape.length)));
  const left = keep ? [1] : [];
  return shape.flatMap((size, i) => (gone.has(i) ? left : [size]));
}

/** A shape whose sizes must all be numbers: training graphs are compiled for one batch shape. */
export const fixed = (shape: Shape): number[] =>
  shape.map((d) => {
    if (typeof d === "string") throw new ShapeError(`the size "${d}" must be known here, in ${show(shape)}`);
    return d;
  });
export const sizeOf = (shape: Shape): number => fixed(shape).reduce((a, b) => a * b, 1);

/**
 * Where a slice begins, how many it takes, and whether that is every row in order. Of a size that is not known, it is
 * assumed to reach what the slice names.
 */
export function sliced(
  size: Dim,
  from: number,
  to: number,
  step: number,
): { start: number; count: number | "*"; whole: boolean } {
  if (step === 0) throw new ShapeError("a slice cannot have steps of 0");
  const known = typeof size === "number" ? size : Number.POSITIVE_INFINITY;
  const [low, high] = step > 0 ? [0, known] : [-1, known - 1];
  const fromStart = (n: number): number => {
    // Exporters write "to the end" as the largest int32 or int64.
    if (n >= 2 ** 31 - 1) return known;
    if (n < 0 && known === Number.POSITIVE_INFINITY) return Number.NaN; // so many before an end that is not known
    return n < 0 ? n + known : n;
  };
  const place = (n: number) => Math.min(high, Math.max(low, fromStart(n)));
  const start = place(from);
  const end = place(to);
  const count = Math.ceil((end - start) / step);
  return { start, count: Number.isFinite(count) ? count : "*", whole: step === 1 && start === 0 && end === known };
}

/** The axes of a stack of matrices, each of which is turned: the `perm` of such a Transpose. */
export const turnedAxes = (rank: number): number[] => [...Array(rank - 2).keys(), rank - 1, rank - 2];
/** Whether a Transpose turns each matrix of a stack, and moves nothing else. */
export const turnsMatrices = (perm: readonly number[]): boolean =>
  perm.length > 1 && String(perm) === String(turnedAxes(perm.length));

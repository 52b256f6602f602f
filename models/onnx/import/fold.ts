import type { Builder } from "../../blocks/builder";
import { addDims, divideDims, multiplyDims, subtractDims } from "../dim";
import type { Attrs, Dim, DType, Shape } from "../graph";
import { broadcast, fixed, sizeOf } from "../shape";
import { broadcastStrides, type Known, knownElements, ofKnown, strided } from "./operand";
import { dtypeOf } from "./tensor";

/**
 * Computes what exporters compute on sizes: Shape → Gather → Mul → Concat → Reshape chains become plain sizes here, symbolic ones
 * included. Undefined when the result needs data, or a size that is no polynomial in the symbols.
 */
export function fold(b: Builder, op: string, x: readonly Known[], attrs: Attrs): Known | undefined {
  const rule = rules.get(op);
  const [first] = x;
  return rule && first ? rule(b, x, attrs) : undefined;
}

/** Whether an op is known at least on sizes. */
export const isFoldable = (op: string): boolean => rules.has(op);

type Rule = (b: Builder, x: readonly Known[], attrs: Attrs) => Known | undefined;
/** The result of two elements; undefined where it is not known. */
type Binary = (p: Dim, q: Dim, dtype: DType) => Dim | undefined;

const isNumber = (d: Dim): d is number => typeof d === "number";
/** Symbols are sizes, so integers: only these are computed with. */
const sizes =
  (f: (p: Dim, q: Dim) => Dim | undefined): Binary =>
  (p, q, dtype) =>
    dtype === "int64" || (isNumber(p) && isNumber(q)) ? f(p, q) : undefined;
const numbers =
  (f: (p: number, q: number) => number | boolean): Binary =>
  (p, q) =>
    isNumber(p) && isNumber(q) ? Number(f(p, q)) : undefined;

const pairwise =
  (f: Binary, dtype?: DType): Rule =>
  (b, [p, q, ...more]) => {
    if (!p || !q || more.length) return undefined;
    const shape = fixed(broadcast(p.shape, q.shape));
    if (sizeOf(shape) > knownElements) return undefined;
    const left = strided(p.known, shape, broadcastStrides(p.shape, shape));
    const right = strided(q.known, shape, broadcastStrides(q.shape, shape));
    return complete(
      b,
      dtype ?? p.dtype,
      shape,
      left.map((d, i) => f(d, right[i] as Dim, p.dtype)),
    );
  };
const each =
  (f: (x: number) => number): Rule =>
  (b, [x]) =>
    x &&
    complete(
      b,
      x.dtype,
      x.shape,
      x.known.map((d) => (isNumber(d) ? f(d) : undefined)),
    );
const total =
  (f: (p: Dim, q: Dim) => Dim | undefined, start: Dim): Rule =>
  (b, [x], { keepdims = 1 }) =>
    x && x.shape.length < 2
      ? complete(b, x.dtype, keepdims ? x.shape.map(() => 1) : [], [
          x.known.reduce<Dim | undefined>((p, q) => (p === undefined ? p : f(p, q)), start),
        ])
      : undefined;

const complete = (
  b: Builder,
  dtype: DType,
  shape: readonly number[],
  list: readonly (Dim | undefined)[],
): Known | undefined => (list.every((d) => d !== undefined) ? ofKnown(b, dtype, shape, list) : undefined);

/** A size is never negative, and equal to itself. */
const equal: Binary = (p, q) => {
  if (isNumber(p) && isNumber(q)) return Number(p === q);
  return p === q ? 1 : [p, q].some((d) => isNumber(d) && d < 0) ? 0 : undefined;
};
const quotient: Binary = (p, q, dtype) => {
  if (isNumber(p) && isNumber(q)) return q === 0 ? undefined : dtype === "int64" ? Math.trunc(p / q) : p / q;
  return dtype === "int64" ? divideDims(p, q) : undefined;
};

const rules = new Map<string, Rule>([
  ["Add", pairwise(sizes(addDims))],
  ["Sub", pairwise(sizes(subtractDims))],
  ["Mul", pairwise(sizes(multiplyDims))],
  ["Div", pairwise(quotient)],
  ["Mod", pairwise(numbers((p, q) => ((p % q) + q) % q))],
  ["Pow", pairwise(numbers((p, q) => p ** q))],
  ["Min", pairwise(numbers(Math.min))],
  ["Max", pairwise(numbers(Math.max))],
  ["Equal", pairwise(equal, "bool")],
  [
    "Greater",
    pairwise(
      numbers((p, q) => p > q),
      "bool",
    ),
  ],
  [
    "GreaterOrEqual",
    pairwise(
      numbers((p, q) => p >= q),
      "bool",
    ),
  ],
  [
    "Less",
    pairwise(
      numbers((p, q) => p < q),
      "bool",
    ),
  ],
  [
    "LessOrEqual",
    pairwise(
      numbers((p, q) => p <= q),
      "bool",
    ),
  ],
  ["And", pairwise(numbers((p, q) => p && q))],
  ["Or", pairwise(numbers((p, q) => p || q))],
  ["Not", each((x) => 1 - x)],
  ["Neg", each((x) => -x)],
  ["Abs", each(Math.abs)],
  ["Sqrt", each(Math.sqrt)],
  ["Reciprocal", each((x) => 1 / x)],
  ["Floor", each(Math.floor)],
  ["Ceil", each(Math.ceil)],
  ["ReduceSum", total(addDims, 0)],
  ["ReduceProd", total(multiplyDims, 1)],
  [
    "Cast",
    (b, [x], { to }) => {
      const dtype = dtypeOf(to as number, "The result of a Cast");
      return (
        x &&
        complete(
          b,
          dtype,
          x.shape,
          x.known.map((d) =>
            !isNumber(d) || dtype === "float32" ? d : dtype === "bool" ? Number(d !== 0) : Math.trunc(d),
          ),
        )
      );
    },
  ],
  [
    "Where",
    (b, [when, p, q]) => {
      if (!when || !p || !q) return undefined;
      const shape = fixed([when, p, q].map((x): Shape => x.shape).reduce(broadcast));
      if (sizeOf(shape) > knownElements) return undefined;
      const [c, left, right] = [when, p, q].map((x) => strided(x.known, shape, broadcastStrides(x.shape, shape))) as [
        Dim[],
        Dim[],
        Dim[],
      ];
      return complete(
        b,
        p.dtype,
        shape,
        c.map((w, i) => (isNumber(w) ? (w ? left : right)[i] : undefined)),
      );
    },
  ],
]);

import type { Builder } from "../../blocks/builder";
import { addDims, divideDims, multiplyDims, subtractDims } from "../dim";
import type { Attrs, Dim, DType, Shape } from "../graph";
import { broadcast, fixed, sizeOf } from "../shape";
import { broadcastStrides, type Known, knownElements, ofKnown, strided } from "./operand";
import { dtypeOf } from "./tensor";

/**
 * Computes what exporters compute on sizes: Shape → Gather → Mul → Concat → Reshape chains become plain sizes here,
 * symbolic ones included. Undefined when the result needs data, or a size that is no polynomial in the symbols.
 */
export function fold(builder: Builder, op: string, operands: readonly Known[], attrs: Attrs): Known | undefined {
  return operands.length && isFoldable(op) ? rules[op]?.(builder, operands, attrs) : undefined;
}

/** Whether an op is known at least on sizes. */
export const isFoldable = (op: string): boolean => Object.hasOwn(rules, op);

type Rule = (builder: Builder, operands: readonly Known[], attrs: Attrs) => Known | undefined;
/** The result of two elements; undefined where it is not known. */
type Binary = (p: Dim, q: Dim, dtype: DType) => Dim | undefined;

const rules: Readonly<Record<string, Rule>> = {
  Add: pairwise(sizes(addDims)),
  Sub: pairwise(sizes(subtractDims)),
  Mul: pairwise(sizes(multiplyDims)),
  Div: pairwise(quotient),
  Mod: pairwise(numbers((p, q) => ((p % q) + q) % q)),
  Pow: pairwise(numbers((p, q) => p ** q)),
  Min: pairwise(numbers(Math.min)),
  Max: pairwise(numbers(Math.max)),
  Equal: pairwise(equal, "bool"),
  Greater: comparison((p, q) => p > q),
  GreaterOrEqual: comparison((p, q) => p >= q),
  Less: comparison((p, q) => p < q),
  LessOrEqual: comparison((p, q) => p <= q),
  And: pairwise(numbers((p, q) => p && q)),
  Or: pairwise(numbers((p, q) => p || q)),
  Not: each((x) => 1 - x),
  Neg: each((x) => -x),
  Abs: each(Math.abs),
  Sqrt: each(Math.sqrt),
  Reciprocal: each((x) => 1 / x),
  Floor: each(Math.floor),
  Ceil: each(Math.ceil),
  ReduceSum: total(addDims, 0),
  ReduceProd: total(multiplyDims, 1),
  Cast: cast,
  Where: where,
};

function isNumber(size: Dim): size is number {
  return typeof size === "number";
}

/** Symbols are sizes, so integers: only these are computed with. */
function sizes(compute: (p: Dim, q: Dim) => Dim | undefined): Binary {
  return (p, q, dtype) => (dtype === "int64" || (isNumber(p) && isNumber(q)) ? compute(p, q) : undefined);
}

function numbers(compute: (p: number, q: number) => number | boolean): Binary {
  return (p, q) => (isNumber(p) && isNumber(q) ? Number(compute(p, q)) : undefined);
}

/** A size is never negative, and equal to itself. */
function equal(p: Dim, q: Dim): Dim | undefined {
  if (isNumber(p) && isNumber(q)) return Number(p === q);
  if (p === q) return 1;
  return [p, q].some((size) => isNumber(size) && size < 0) ? 0 : undefined;
}

function quotient(p: Dim, q: Dim, dtype: DType): Dim | undefined {
  const whole = dtype === "int64";
  if (!isNumber(p) || !isNumber(q)) return whole ? divideDims(p, q) : undefined;
  if (q === 0) return undefined;
  return whole ? Math.trunc(p / q) : p / q;
}

/** Two inputs, broadcast to each other. */
function pairwise(compute: Binary, result?: DType): Rule {
  return (builder, [left, right, ...more]) => {
    if (!left || !right || more.length) return undefined;
    const { dtype } = left;
    const together = aligned([left, right]);
    if (!together) return undefined;
    const [p, q] = together.lists as [Dim[], Dim[]];
    const list = p.map((size, i) => compute(size, q[i] as Dim, dtype));
    return complete(builder, result ?? dtype, together.shape, list);
  };
}

function comparison(compute: (p: number, q: number) => boolean): Rule {
  return pairwise(numbers(compute), "bool");
}

function each(compute: (x: number) => number): Rule {
  return (builder, [x]) => {
    if (!x) return undefined;
    const list = x.known.map((size) => (isNumber(size) ? compute(size) : undefined));
    return complete(builder, x.dtype, x.shape, list);
  };
}

/** A list joined to one element. */
function total(join: (p: Dim, q: Dim) => Dim | undefined, start: Dim): Rule {
  return (builder, [x], { keepdims = 1 }) => {
    if (!x || x.shape.length > 1) return undefined;
    const joined = x.known.reduce<Dim | undefined>((p, q) => (p === undefined ? p : join(p, q)), start);
    return complete(builder, x.dtype, keepdims ? x.shape.map(() => 1) : [], [joined]);
  };
}

function cast(builder: Builder, [x]: readonly Known[], { to }: Attrs): Known | undefined {
  if (!x) return undefined;
  const dtype = dtypeOf(to as number, "The result of a Cast");
  const list = x.known.map((size) => {
    if (!isNumber(size) || dtype === "float32") return size;
    return dtype === "bool" ? Number(size !== 0) : Math.trunc(size);
  });
  return complete(builder, dtype, x.shape, list);
}

function where(builder: Builder, operands: readonly Known[]): Known | undefined {
  const [condition, yes, no] = operands;
  if (!condition || !yes || !no) return undefined;
  const together = aligned([condition, yes, no]);
  if (!together) return undefined;
  const [chosen, left, right] = together.lists as [Dim[], Dim[], Dim[]];
  const list = chosen.map((choice, i) => (isNumber(choice) ? (choice ? left : right)[i] : undefined));
  return complete(builder, yes.dtype, together.shape, list);
}

/** The elements of several operands, repeated to their common shape; undefined where that is large. */
function aligned(operands: readonly Known[]): { shape: number[]; lists: Dim[][] } | undefined {
  const shape = fixed(operands.map((x): Shape => x.shape).reduce(broadcast));
  if (sizeOf(shape) > knownElements) return undefined;
  return { shape, lists: operands.map((x) => strided(x.known, shape, broadcastStrides(x.shape, shape))) };
}

function complete(
  builder: Builder,
  dtype: DType,
  shape: readonly number[],
  list: readonly (Dim | undefined)[],
): Known | undefined {
  return list.every((size) => size !== undefined) ? ofKnown(builder, dtype, shape, list) : undefined;
}

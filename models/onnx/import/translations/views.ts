import { subtractDims } from "../../dim";
import type { Dim } from "../../graph";
import { axisOf, broadcast, fixed, sizeOf } from "../../shape";
import {
  broadcastStrides,
  isKnown,
  type Known,
  knownElements,
  type Operand,
  ofKnown,
  strided,
  stridesOf,
} from "../operand";
import { type Call, refuse } from "./call";

// Other views of an operand: with known elements they are taken here, so that sizes stay sizes; otherwise an op is
// emitted.

/** The end of an axis, whatever its size: what exporters write for it. */
const toTheEnd = 2 ** 31 - 1;

export function reshaped(call: Call, x: Operand, to: readonly Dim[]): Operand {
  const same = to.length === x.shape.length && to.every((size, i) => size === x.shape[i] && size !== "*");
  if (same) return x;
  return isKnown(x) ? ofKnown(call.builder, x.dtype, fixed(to), x.known) : call.emit("Reshape", [x], { to });
}

export function expanded(call: Call, x: Operand, to: readonly Dim[]): Operand {
  const shape = broadcast(x.shape, to);
  if (shape.length === x.shape.length && shape.every((size, i) => size === x.shape[i])) return x;
  const numbers = shape.every((size) => typeof size === "number");
  if (!isKnown(x) || !numbers || sizeOf(shape) > knownElements) return call.emit("Expand", [x], { to: shape });
  const target = fixed(shape);
  return ofKnown(call.builder, x.dtype, target, strided(x.known, target, broadcastStrides(x.shape, target)));
}

export function transposed(call: Call, x: Operand, perm: readonly number[]): Operand {
  if (!isKnown(x)) return call.emit("Transpose", [x], { perm });
  const shape = perm.map((axis) => x.shape[axis] as number);
  const strides = stridesOf(x.shape);
  const moved = perm.map((axis) => strides[axis] as number);
  return ofKnown(call.builder, x.dtype, shape, strided(x.known, shape, moved));
}

/** What a slice takes along one axis. */
export interface Cut {
  axis: number;
  /** Both may follow from sizes: all rows, all but the last one, or as many as another axis has. */
  start: Dim;
  end: Dim;
  step?: number;
}

export function sliced(call: Call, x: Operand, cuts: readonly Cut[]): Operand {
  const rank = x.shape.length;
  const placed = cuts.map((cut) => {
    const axis = axisOf(cut.axis, rank);
    const size = x.shape[axis] as Dim;
    return { axis, start: placeIn(size, cut.start), end: placeIn(size, cut.end), step: cut.step ?? 1 };
  });
  const counted = placed.find(({ end }) => typeof end === "string");
  if (counted) return beginning(call, x, counted, placed.length);
  const parts = placed.flatMap(({ axis, start, end, step }) => {
    if (typeof start === "string" || typeof end === "string") return refuse(`it begins at the size ${start}`);
    const whole = end >= limitOf(x.shape[axis] as Dim);
    return whole && start === 0 && step === 1 ? [] : [{ axis, start, end: whole ? toTheEnd : end, step }];
  });
  if (!parts.length) return x;
  if (isKnown(x)) return slicedHere(call, x, parts);
  return call.emit("Slice", [x], {
    starts: parts.map((part) => part.start),
    ends: parts.map((part) => part.end),
    axes: parts.map((part) => part.axis),
    steps: parts.some((part) => part.step !== 1) ? parts.map((part) => part.step) : undefined,
  });
}

/** A place in an axis as a number, counted from the end where the size is a symbol: the size itself is the end. */
function placeIn(size: Dim, place: Dim): Dim {
  if (typeof place === "number") return Math.min(toTheEnd, Math.max(-toTheEnd, place));
  const fromEnd = subtractDims(place, size);
  if (fromEnd === 0) return toTheEnd;
  return typeof fromEnd === "number" && fromEnd < 0 ? fromEnd : place;
}

const limitOf = (size: Dim): number => (typeof size === "number" ? size : toTheEnd);

/** As many rows as a symbolic size says, such as positions of a text: picked by number. */
function beginning(call: Call, x: Operand, { axis, start, end, step }: Required<Cut>, cuts: number): Operand {
  if (cuts > 1 || start !== 0 || step !== 1) refuse(`it ends at the size ${end} and does more than take a beginning`);
  return call.emit("Gather", [x, counting(call, end)], { axis });
}

type Part = { axis: number; start: number; end: number; step: number };

function slicedHere(call: Call, x: Known, parts: readonly Part[]): Operand {
  const shape = [...x.shape];
  const strides = stridesOf(x.shape);
  let offset = 0;
  for (const { axis, start, end, step } of parts) {
    const stride = strides[axis] as number;
    const [first, last] = boundsOf({ axis, start, end, step }, shape[axis] as number);
    offset += first * stride;
    shape[axis] = Math.max(0, Math.ceil((last - first) / step));
    strides[axis] = stride * step;
  }
  return ofKnown(call.builder, x.dtype, shape, strided(x.known, shape, strides, offset));
}

/**
 * First element and the one behind the last, in ONNX's counting: from the end where negative, and cut to what there is.
 */
function boundsOf({ start, end, step }: Part, size: number): [number, number] {
  const within = (n: number, low: number, high: number) => Math.min(high, Math.max(low, n < 0 ? n + size : n));
  if (step > 0) return [within(start, 0, size), within(end, 0, size)];
  return [within(start, 0, size - 1), end < -size ? -1 : within(end, -1, size - 1)];
}

/** 0, 1, … below a size that may be symbolic: the running count of that many ones. */
export function counting({ builder }: Call, limit: Dim): Operand {
  const { op, graph } = builder;
  const ones = op.Expand(graph.constant([1], "int64", [1]), { to: [limit] });
  const value = op.CumSum(ones, { along: 0, exclusive: 1 });
  return { dtype: value.dtype, shape: value.shape, value: () => value };
}

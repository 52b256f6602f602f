import type { OpName } from "../../ops/index";
import { multiplyDims } from "../../dim";
import type { Dim } from "../../graph";
import { type Operand, ofKnown } from "../operand";
import { type Call, refuse, type Translation } from "./call";
import { reshaped } from "./views";

/** Axes as attribute or input; none stands for all, or with `noop_with_empty_axes` for each element by itself. */
const reduction: Translation = (call) => {
  const x = call.input(0);
  const op = call.node.op as OpName;
  const axes = call.listed("axes", 1);
  const { noop_with_empty_axes: byElement, axes: _, ...attrs } = call.attrs;
  if (axes?.length) return call.emitAll(op, [x], { ...attrs, axes });
  return byElement ? [ofElement(call, x)] : call.emitAll(op, [x], attrs);
};

/** A reduction over one element. */
function ofElement(call: Call, x: Operand): Operand {
  switch (call.node.op) {
    case "ReduceL1":
    case "ReduceL2":
      return call.emit("Abs", [x]);
    case "ReduceSumSquare":
      return call.emit("Mul", [x, x]);
    case "ReduceLogSum":
      return call.emit("Log", [x]);
    default:
      return x;
  }
}

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

/** Over one axis; before opset 13 over all axes from it on, taken as one. */
const overAxis =
  (compute: (call: Call, x: Operand, axis: number) => Operand): Translation =>
  (call) => {
    const x = call.input(0);
    if (call.opset >= 13) return [compute(call, x, call.axis(-1))];
    const axis = call.axis(1);
    if (axis === x.shape.length - 1) return [compute(call, x, axis)];
    const sizes = [x.shape.slice(0, axis), x.shape.slice(axis)].map((part) => part.reduce(multiplyDims, 1));
    return [reshaped(call, compute(call, reshaped(call, x, sizes), 1), x.shape)];
  };

export const Softmax = overAxis((call, x, axis) => call.emit("Softmax", [x], { axis }));
export const LogSoftmax = overAxis((call, x, axis) => call.emit("LogSoftmax", [x], { axis }));
/** One where the largest number stands, the first of equal ones, and nought elsewhere. */
export const Hardmax = overAxis((call, x, axis) => {
  const depth = x.shape[axis] as Dim;
  if (typeof depth !== "number") return refuse(`it works along an axis of the size ${depth}`);
  const place = call.emit("ArgMax", [x], { axis, keepdims: 0 });
  return call.emit("OneHot", [place, ofKnown(call.builder, "float32", [2], [0, 1])], { axis, depth });
});

/** How many it takes was an attribute before opset 10. */
export const TopK: Translation = (call) => {
  const { k: _, ...attrs } = call.attrs;
  const count = call.operands[1] ? call.integers(1) : [call.option("k", 1)];
  return call.emitAll("TopK", [call.input(0)], { ...attrs, k: count });
};

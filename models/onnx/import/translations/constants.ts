import { multiplyDims } from "../../dim";
import type { DType } from "../../graph";
import { show } from "../../shape";
import { type Operand, ofKnown, ofTensor } from "../operand";
import { dtypeOf } from "../tensor";
import { type Call, refuse, type Translation } from "./call";
import { counting, expanded } from "./views";

/** A Range longer than this is data. */
const longestRange = 2 ** 20;

export const Constant: Translation = ({ attrs, builder, node }) => {
  const { value } = node.tensors;
  if (value) return [ofTensor(builder, value)];
  const list = (attrs.value_ints ?? attrs.value_floats) as number[] | undefined;
  const number = (attrs.value_int ?? attrs.value_float) as number | undefined;
  const dtype: DType = attrs.value_int !== undefined || attrs.value_ints ? "int64" : "float32";
  if (list) return [ofKnown(builder, dtype, [list.length], list)];
  if (number === undefined) return refuse("it holds neither numbers nor a tensor");
  return [ofKnown(builder, dtype, [], [number])];
};

export const ConstantOfShape: Translation = (call) => {
  const { value } = call.node.tensors;
  const filler = value ? ofTensor(call.builder, { ...value, shape: [] }) : call.scalar(0);
  return [expanded(call, filler, call.freed("expand", [], call.sizes(0)))];
};

export const Shape: Translation = (call) => {
  const { shape } = call.input(0);
  const { start = 0, end = shape.length } = call.attrs as { start?: number; end?: number };
  const part = shape.slice(start, end);
  if (part.includes("*")) refuse(`it reads a size of ${show(shape)} that is not known before the run`);
  return [ofKnown(call.builder, "int64", [part.length], part)];
};

export const Size: Translation = (call) => {
  const count = call.input(0).shape.reduce(multiplyDims, 1);
  return [ofKnown(call.builder, "int64", [], [count])];
};

/** start, start + step, … */
export const Range: Translation = (call) => {
  const [start = 0, limit = 0, step = 1] = [0, 1, 2].map((index) => call.sizes(index)[0]);
  if (typeof start !== "number" || typeof step !== "number") return refuse("it starts or steps by a symbolic size");
  if (typeof limit === "string") {
    if (start !== 0 || step !== 1) refuse(`it counts from ${start} to ${limit} by ${step}`);
    return [counting(call, limit)];
  }
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!(count <= longestRange)) refuse(`it counts ${count} numbers, and ${longestRange} is the limit`);
  const numbers = Array.from({ length: count }, (_, i) => start + i * step);
  return [ofKnown(call.builder, call.input(0).dtype, [count], numbers)];
};

export const Cast: Translation = (call) => [cast(call, call.input(0), dtypeOf(call.attrs.to as number, "Its result"))];

export const CastLike: Translation = (call) => [cast(call, call.input(0), call.input(1).dtype)];

export const EyeLike: Translation = (call) => {
  const { dtype, ...attrs } = call.attrs;
  const eye = call.emit("EyeLike", [call.input(0)], attrs);
  return [dtype === undefined ? eye : cast(call, eye, dtypeOf(dtype as number, "Its result"))];
};

export const OneHot: Translation = (call) => {
  const [depth] = call.integers(1);
  return call.emitAll("OneHot", [call.input(0), call.input(2)], { ...call.attrs, depth });
};

const cast = (call: Call, x: Operand, dtype: DType): Operand =>
  dtype === x.dtype ? x : call.emit("Cast", [x], { dtype });

import type { Call, Translation } from "./call";
import type { Operand } from "../operand";
import { expanded } from "./views";

export const Identity: Translation = (call) => [call.input(0)];

/** As in inference; exporters leave dropout out. Its mask keeps all, and was not filled before opset 12. */
export const Dropout: Translation = (call) => {
  const x = call.input(0);
  if (!call.node.outputs[1]) return [x];
  return [x, expanded(call, call.scalar(call.opset < 12 ? 0 : 1, "bool"), x.shape)];
};

/** An op of any number of inputs, where ours takes two. */
const pairwise = (call: Call, op: "Add" | "Min" | "Max"): Operand =>
  call.inputs().reduce((joined, next) => call.emit(op, [joined, next]));

export const Sum: Translation = (call) => [pairwise(call, "Add")];
export const Min: Translation = (call) => [pairwise(call, "Min")];
export const Max: Translation = (call) => [pairwise(call, "Max")];
export const Mean: Translation = (call) => {
  const share = call.scalar(1 / call.operands.length);
  return [call.emit("Mul", [pairwise(call, "Add"), share])];
};

/** Its bounds were attributes before opset 11. */
export const Clip: Translation = (call) => {
  const x = call.input(0);
  const bound = (index: number, name: string): Operand | undefined => {
    const given = call.attrs[name] as number | undefined;
    return call.operands[index] ?? (given === undefined ? undefined : call.scalar(given));
  };
  const low = bound(1, "min");
  const high = bound(2, "max");
  if (low && high) return call.emitAll("Clip", [x, low, high]);
  if (low) return call.emitAll("Max", [x, low]);
  return high ? call.emitAll("Min", [x, high]) : [x];
};

/** ONNX Runtime has none on int64. */
export const Relu: Translation = (call) => {
  const x = call.input(0);
  return [x.dtype === "int64" ? call.emit("Max", [x, call.scalar(0, "int64")]) : call.emit("Relu", [x])];
};

/** Nothing within ±`lambd`, and nearer to it by `bias` outside. */
export const Shrink: Translation = (call) => {
  const x = call.input(0);
  const edge = call.option("lambd", 0.5);
  const bias = call.scalar(call.option("bias", 0));
  const isLow = call.emit("Less", [x, call.scalar(-edge)]);
  const isHigh = call.emit("Greater", [x, call.scalar(edge)]);
  const low = call.emit("Where", [isLow, call.emit("Add", [x, bias]), call.scalar(0)]);
  return [call.emit("Where", [isHigh, call.emit("Sub", [x, bias]), low])];
};

/** √(x² + 1) + |x| under the logarithm, with the sign of x: nothing cancels. */
export const Asinh: Translation = (call) => {
  const x = call.input(0);
  const size = call.emit("Abs", [x]);
  const root = call.emit("Sqrt", [call.emit("Add", [call.emit("Mul", [x, x]), call.scalar(1)])]);
  const log = call.emit("Log", [call.emit("Add", [size, root])]);
  return [call.emit("Mul", [call.emit("Sign", [x]), log])];
};

export const Acosh: Translation = (call) => {
  const x = call.input(0);
  const root = call.emit("Sqrt", [call.emit("Sub", [call.emit("Mul", [x, x]), call.scalar(1)])]);
  return [call.emit("Log", [call.emit("Add", [x, root])])];
};

export const Atanh: Translation = (call) => {
  const x = call.input(0);
  const one = call.scalar(1);
  const ratio = call.emit("Div", [call.emit("Add", [one, x]), call.emit("Sub", [one, x])]);
  return [call.emit("Mul", [call.emit("Log", [ratio]), call.scalar(0.5)])];
};

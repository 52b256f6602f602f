import type { Call, Translation } from "./call";
import type { Operand } from "../operand";

const alias: Translation = (call) => [call.input(0)];

export const Identity = alias;
/** As in inference; exporters leave dropout out. */
export const Dropout = alias;

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

export const Clip: Translation = (call) => {
  const x = call.input(0);
  const [, low, high] = call.operands;
  if (low && high) return call.emitAll("Clip", [x, low, high]);
  if (low) return call.emitAll("Max", [x, low]);
  return high ? call.emitAll("Min", [x, high]) : [x];
};

import { ofKnown, type Operand } from "../operand";
import type { Call, Translation } from "./call";
import { reshaped } from "./views";

/** The logarithm of the softmax over the classes, and of it the loss. Gives the logarithms as its second output. */
export const SoftmaxCrossEntropyLoss: Translation = (call) => {
  const logarithms = call.emit("LogSoftmax", [call.input(0)], { axis: 1 });
  return [negativeLogLikelihood(call, logarithms), logarithms];
};

export const NegativeLogLikelihoodLoss: Translation = (call) => [negativeLogLikelihood(call, call.input(0))];

/** Minus what stands at each target's class, weighted by class; targets that are `ignore_index` count for nothing. */
function negativeLogLikelihood(call: Call, logarithms: Operand): Operand {
  const targets = call.input(1);
  const ignored = call.attrs.ignore_index as number | undefined;
  const isIgnored = ignored === undefined ? undefined : call.emit("Equal", [targets, call.scalar(ignored, "int64")]);
  const classes = isIgnored ? call.emit("Where", [isIgnored, call.scalar(0, "int64"), targets]) : targets;
  const weights = weightsOf(call, classes, isIgnored);
  const [batch, ...rest] = targets.shape;
  const column = reshaped(call, classes, [batch ?? 1, 1, ...rest]);
  const picked = reshaped(call, call.emit("GatherElements", [logarithms, column], { axis: 1 }), targets.shape);
  const losses = call.emit("Neg", [weights ? call.emit("Mul", [picked, weights]) : picked]);
  const { reduction = "mean" } = call.attrs;
  if (reduction === "none") return losses;
  if (reduction === "mean" && !weights) return call.emit("ReduceMean", [losses], { keepdims: 0 });
  const sum = call.emit("ReduceSum", [losses], { keepdims: 0 });
  if (reduction === "sum" || !weights) return sum;
  return call.emit("Div", [sum, call.emit("ReduceSum", [weights], { keepdims: 0 })]);
}

/** What each target counts; undefined where all count one. */
function weightsOf(call: Call, classes: Operand, isIgnored: Operand | undefined): Operand | undefined {
  const byClass = call.operands[2];
  if (!byClass && !isIgnored) return undefined;
  const weights = byClass
    ? call.emit("Gather", [byClass, classes], { axis: 0 })
    : call.emit("Expand", [ofKnown(call.builder, "float32", [], [1])], { to: classes.shape });
  return isIgnored ? call.emit("Where", [isIgnored, call.scalar(0), weights]) : weights;
}

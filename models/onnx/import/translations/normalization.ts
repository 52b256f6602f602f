import { normalizeBatch } from "../../../blocks/convolution";
import { multiplyDims } from "../../dim";
import type { Dim, Value } from "../../graph";
import { fixed } from "../../shape";
import { initOf, type Operand, ofValue } from "../operand";
import { type Call, refuse, type Translation } from "./call";
import { expanded, reshaped } from "./views";

/**
 * Running statistics are the file's to begin with; in training they follow the batches', as torch moves them. Computed
 * ones stay as they are.
 */
export const BatchNormalization: Translation = (call) => {
  if (call.attrs.spatial === 0) refuse("it normalizes each position by itself (spatial is 0)");
  if (call.attrs.training_mode) return byBatch(call);
  const { epsilon = 1e-5, momentum = 0.9 } = call.attrs as { epsilon?: number; momentum?: number };
  const mean = statisticAt(call, 3);
  const variance = statisticAt(call, 4);
  if (!mean || !variance) return call.emitAll("BatchNormalization", call.inputs().slice(0, 5), { epsilon });
  const [x, scale, bias] = [0, 1, 2].map((index) => call.input(index).value()) as [Value, Value, Value];
  const statistics = { scale, bias, mean, variance };
  return [ofValue(normalizeBatch(call.builder, x, statistics, { epsilon, momentum: 1 - momentum }))];
};

/** With the statistics of the batch itself, where the file says so, whether it is trained or not. */
function byBatch(call: Call): readonly Operand[] {
  const [x, scale, bias, ...running] = call.inputs() as [Operand, Operand, Operand, Operand, Operand];
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const average = call.emit("ReduceMean", [x], { axes });
  const apart = call.emit("Sub", [x, average]);
  const mean = reshaped(call, average, scale.shape);
  const variance = call.emit("ReduceMean", [call.emit("Mul", [apart, apart])], { axes, keepdims: 0 });
  const epsilon = call.option("epsilon", 1e-5);
  const momentum = call.option("momentum", 0.9);
  const y = call.emit("TrainingBatchNormalization", [x, scale, bias, mean, variance], { epsilon });
  const moved = [mean, variance].map((batch, i) => {
    const kept = call.emit("Mul", [running[i] as Operand, call.scalar(momentum)]);
    return call.emit("Add", [kept, call.emit("Mul", [batch, call.scalar(1 - momentum)])]);
  });
  return [y, ...moved];
}

/** A tensor of the file as what a training step moves. */
function statisticAt(call: Call, index: number): Value | undefined {
  const { tensor } = call.input(index);
  return tensor?.name === undefined ? undefined : call.builder.buffer(tensor.name, tensor.shape, initOf(tensor));
}

/** Before opset 21 there is one scale and one bias for each group, not for each channel. */
export const GroupNormalization: Translation = (call) => {
  const x = call.input(0);
  const { stash_type: _, ...attrs } = call.attrs;
  const groups = attrs.num_groups as number;
  const channels = fixed(x.shape.slice(1, 2))[0] as number;
  const perChannel = (operand: Operand): Operand => {
    if (call.opset >= 21) return operand;
    const column = reshaped(call, operand, [groups, 1]);
    return reshaped(call, expanded(call, column, [groups, channels / groups]), [channels]);
  };
  return call.emitAll("GroupNormalization", [x, perChannel(call.input(1)), perChannel(call.input(2))], attrs);
};

/** Each number over a power of the squares around it along the channels (Krizhevsky et al. 2012). */
export const LRN: Translation = (call) => {
  const x = call.input(0);
  const size = call.option("size", 1);
  const [n, channels, ...rest] = x.shape as [Dim, Dim, ...Dim[]];
  const squares = reshaped(call, call.emit("Mul", [x, x]), [n, 1, channels, rest.reduce(multiplyDims, 1)]);
  const around = call.emit("AveragePool", [squares], {
    kernel_shape: [size, 1],
    pads: [Math.floor((size - 1) / 2), 0, Math.ceil((size - 1) / 2), 0],
    count_include_pad: 1,
  });
  const scaled = call.emit("Mul", [reshaped(call, around, x.shape), call.scalar(call.option("alpha", 0.0001))]);
  const base = call.emit("Add", [scaled, call.scalar(call.option("bias", 1))]);
  return [call.emit("Div", [x, call.emit("Pow", [base, call.scalar(call.option("beta", 0.75))])])];
};

/** Mean 0 and standard deviation 1 over some axes. */
export const MeanVarianceNormalization: Translation = (call) => {
  const x = call.input(0);
  const axes = (call.attrs.axes as number[] | undefined) ?? [0, 2, 3];
  const apart = call.emit("Sub", [x, call.emit("ReduceMean", [x], { axes })]);
  const variance = call.emit("ReduceMean", [call.emit("Mul", [apart, apart])], { axes });
  const deviation = call.emit("Add", [call.emit("Sqrt", [variance]), call.scalar(1e-9)]);
  return [call.emit("Div", [apart, deviation])];
};

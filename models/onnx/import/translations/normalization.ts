import { normalizeBatch } from "../../../blocks/convolution";
import type { Value } from "../../graph";
import { fixed } from "../../shape";
import { type Operand, ofValue } from "../operand";
import type { Call, Translation } from "./call";
import { expanded, reshaped } from "./views";

/**
 * Running statistics are the file's to begin with; in training they follow the batches', as torch moves them. Computed
 * ones stay as they are.
 */
export const BatchNormalization: Translation = (call) => {
  const { epsilon = 1e-5, momentum = 0.9 } = call.attrs as { epsilon?: number; momentum?: number };
  const mean = statisticAt(call, 3);
  const variance = statisticAt(call, 4);
  if (!mean || !variance) return call.emitAll("BatchNormalization", call.inputs().slice(0, 5), { epsilon });
  const [x, scale, bias] = [0, 1, 2].map((index) => call.input(index).value()) as [Value, Value, Value];
  const statistics = { scale, bias, mean, variance };
  return [ofValue(normalizeBatch(call.builder, x, statistics, { epsilon, momentum: 1 - momentum }))];
};

/** A tensor of the file as what a training step moves. */
function statisticAt(call: Call, index: number): Value | undefined {
  const { name, shape, data } = call.input(index).tensor ?? {};
  if (name === undefined) return undefined;
  return call.builder.buffer(name, shape as number[], { kind: "values", data: data as Float32Array<ArrayBuffer> });
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

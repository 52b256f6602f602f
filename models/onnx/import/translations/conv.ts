import type { Attrs } from "../../graph";
import type { OpName } from "../../ops/index";
import { fixed } from "../../shape";
import { samePads, type Window } from "../../window";
import { type Call, refuse, type Translation } from "./call";

const convolution: Translation = (call) => {
  const kernel = fixed(call.input(1).shape.slice(2));
  const { kernel_shape: _, ...attrs } = padded(call, kernel);
  return call.emitAll(call.node.op as OpName, call.inputs(), attrs);
};

export const Conv = convolution;
export const ConvTranspose: Translation = (call) => {
  const { auto_pad: mode = "NOTSET", output_shape: shape } = call.attrs;
  if (shape || mode !== "NOTSET") refuse("its paddings follow from its output's shape; export it with paddings");
  return convolution(call);
};

const pool: Translation = (call) => {
  const attrs = padded(call, call.attrs.kernel_shape as number[]);
  return call.emitAll(call.node.op as OpName, [call.input(0)], attrs);
};

export const AveragePool = pool;
export const MaxPool = pool;

/** Paddings of a window, from `auto_pad` where the file leaves them to the runtime. */
function padded(call: Call, kernel: readonly number[]): Attrs {
  const { auto_pad: mode = "NOTSET", storage_order: order, ...attrs } = call.attrs;
  if (order) refuse("it counts positions column by column");
  if (mode === "NOTSET") return attrs;
  if (mode === "VALID") return { ...attrs, pads: kernel.flatMap(() => [0, 0]) };
  const sizes = fixed(call.input(0).shape.slice(2));
  return { ...attrs, pads: samePads(sizes, kernel, attrs as Window, { lower: mode === "SAME_LOWER" }) };
}

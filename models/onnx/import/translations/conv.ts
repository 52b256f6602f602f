import type { Attrs } from "../../graph";
import type { OpName } from "../../ops/index";
import { fixed } from "../../shape";
import { samePads, type Window, windowOf } from "../../window";
import type { Operand } from "../operand";
import { type Call, refuse, type Translation } from "./call";

const convolution: Translation = (call) => {
  const kernel = fixed(call.input(1).shape.slice(2));
  const { kernel_shape: _, ...attrs } = padded(call, kernel);
  return call.emitAll(call.node.op as OpName, call.inputs(), attrs);
};

export const Conv = convolution;

/** Paddings may follow from the size that its output shall have. */
export const ConvTranspose: Translation = (call) => {
  const { auto_pad: mode = "NOTSET", output_shape: _, kernel_shape: __, ...attrs } = call.attrs;
  const kernel = fixed(call.input(1).shape.slice(2));
  const pads = transposedPads(call, kernel, mode as string);
  return call.emitAll("ConvTranspose", call.inputs(), pads ? { ...attrs, pads } : attrs);
};

function transposedPads(call: Call, kernel: readonly number[], mode: string): number[] | undefined {
  const wanted = call.attrs.output_shape as readonly number[] | undefined;
  if (!wanted && mode === "NOTSET") return undefined;
  if (!wanted && mode === "VALID") return kernel.flatMap(() => [0, 0]);
  const { strides, dilations } = windowOf(call.attrs as Window, kernel.length);
  const extra = (call.attrs.output_padding as readonly number[] | undefined) ?? kernel.map(() => 0);
  const total = fixed(call.input(0).shape.slice(2)).map((size, i) => {
    const [side, stride, dilation, more] = [kernel, strides, dilations, extra].map((list) => list[i] as number) as [
      number,
      number,
      number,
      number,
    ];
    const to = wanted?.slice(-kernel.length)[i] ?? size * stride;
    return stride * (size - 1) + more + (side - 1) * dilation + 1 - to;
  });
  if (total.some((pad) => pad < 0)) refuse("the output shape that it names is larger than its windows reach");
  const less = total.map((pad) => Math.floor(pad / 2));
  const more = total.map((pad) => Math.ceil(pad / 2));
  return mode === "SAME_UPPER" ? [...less, ...more] : [...more, ...less];
}

const pool: Translation = (call) => {
  const attrs = padded(call, call.attrs.kernel_shape as number[]);
  return call.emitAll(call.node.op as OpName, [call.input(0)], attrs);
};

export const AveragePool = pool;
export const MaxPool: Translation = (call) => {
  if (call.attrs.storage_order && call.node.outputs[1]) refuse("it counts positions column by column");
  return pool(call);
};

/** The length of each window's numbers: of their average, times how many they are. */
export const LpPool: Translation = (call) => {
  const { p: _, ceil_mode: ceil, ...attrs } = padded(call, call.attrs.kernel_shape as number[]);
  if (ceil) refuse("its last window may reach over the end");
  const power = call.option("p", 2);
  const kernel = call.attrs.kernel_shape as number[];
  const count = call.scalar(kernel.reduce((product, side) => product * side, 1));
  const average = call.emit("AveragePool", [powered(call, power)], { ...attrs, count_include_pad: 1 });
  return [rooted(call, call.emit("Mul", [average, count]), power)];
};

export const GlobalLpPool: Translation = (call) => {
  const power = call.option("p", 2);
  const axes = call.input(0).shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]));
  return [rooted(call, call.emit("ReduceSum", [powered(call, power)], { axes }), power)];
};

function powered(call: Call, power: number): Operand {
  const size = call.emit("Abs", [call.input(0)]);
  if (power === 1) return size;
  return power === 2 ? call.emit("Mul", [size, size]) : call.emit("Pow", [size, call.scalar(power)]);
}

function rooted(call: Call, sum: Operand, power: number): Operand {
  if (power === 1) return sum;
  return power === 2 ? call.emit("Sqrt", [sum]) : call.emit("Pow", [sum, call.scalar(1 / power)]);
}

/** Paddings of a window, from `auto_pad` where the file leaves them to the runtime. */
function padded(call: Call, kernel: readonly number[]): Attrs {
  const { auto_pad: mode = "NOTSET", storage_order: _, ...attrs } = call.attrs;
  if (mode === "NOTSET") return attrs;
  if (mode === "VALID") return { ...attrs, pads: kernel.flatMap(() => [0, 0]) };
  const sizes = fixed(call.input(0).shape.slice(2));
  return { ...attrs, pads: samePads(sizes, kernel, attrs as Window, { lower: mode === "SAME_LOWER" }) };
}

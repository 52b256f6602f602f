import type { Dim } from "../graph";
import type { OpDef } from "../op";
import { fixed, input, ShapeError, show } from "../shape";
import { type Convolution, type Window, windowOf } from "../window";

/** Sizes of the windows' grid over sizes of a picture. */
function slide(sizes: readonly number[], kernel: readonly number[], window: Window): number[] {
  const { strides, pads, dilations } = windowOf(window, sizes.length);
  return sizes.map((size, i) => {
    const covered = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1, room = size + (pads[i] as number) + (pads[i + sizes.length] as number) - covered;
    if (room < 0) throw new ShapeError(`a window of ${covered} does not fit axis ${i + 2} of size ${size}`);
    return Math.floor(room / (strides[i] as number)) + 1;
  });
}

/** Conv(x [N, C, …], weight [M, C / group, …], bias? [M]). */
export const Conv: OpDef<Convolution> = {
  infer(x, { group = 1, ...window }) {
    const data = input(x, 0), weight = fixed(input(x, 1).shape), [n, c, ...sizes] = data.shape as [Dim, Dim, ...Dim[]], [m = 0, perGroup = 0, ...kernel] = weight;
    if (weight.length !== data.shape.length || (typeof c === "number" && c !== perGroup * group) || m % group) throw new ShapeError(`a weight of ${show(weight)} in ${group} groups does not fit ${show(data.shape)}`);
    return { dtype: data.dtype, shape: [n, m, ...slide(fixed(sizes), kernel, window)] };
  },
};

/** ConvTranspose(x [N, C, …], weight [C, M / group, …], bias? [M]): the adjoint of Conv. */
export const ConvTranspose: OpDef<Convolution & { output_padding?: readonly number[] }> = {
  infer(x, { group = 1, output_padding, ...window }) {
    const data = input(x, 0), weight = fixed(input(x, 1).shape), [n, c, ...sizes] = data.shape as [Dim, Dim, ...Dim[]], [inputs = 0, perGroup = 0, ...kernel] = weight;
    if (weight.length !== data.shape.length || (typeof c === "number" && c !== inputs)) throw new ShapeError(`a weight of ${show(weight)} does not fit ${show(data.shape)}`);
    const { strides, pads, dilations } = windowOf(window, sizes.length);
    return { dtype: data.dtype, shape: [n, perGroup * group, ...fixed(sizes).map((size, i) => (size - 1) * (strides[i] as number) - (pads[i] as number) - (pads[i + sizes.length] as number) + (dilations[i] as number) * ((kernel[i] as number) - 1) + 1 + (output_padding?.[i] ?? 0))] };
  },
};

export type Pool = { kernel_shape: readonly number[]; strides?: readonly number[]; pads?: readonly number[] };
export const AveragePool: OpDef<Pool & { count_include_pad?: number }> = {
  infer(x, { kernel_shape, ...window }) {
    const { dtype, shape } = input(x, 0), { strides, pads } = window;
    return { dtype, shape: [...shape.slice(0, 2), ...slide(fixed(shape.slice(2)), kernel_shape, { strides, pads })] };
  },
};
/** Also gives where each maximum stood, counted over the whole tensor: its gradient goes there. */
export const MaxPool: OpDef<Pool> = {
  infer(x, { kernel_shape, ...window }) {
    const { dtype, shape } = input(x, 0), pooled = [...shape.slice(0, 2), ...slide(fixed(shape.slice(2)), kernel_shape, window)];
    return [{ dtype, shape: pooled }, { dtype: "int64", shape: pooled }];
  },
};
export const GlobalAveragePool: OpDef = {
  infer(x) {
    const { dtype, shape } = input(x, 0);
    return { dtype, shape: shape.map((d, i) => (i < 2 ? d : 1)) };
  },
};

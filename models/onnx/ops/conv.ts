import type { Dim } from "../graph";
import type { OpDef } from "../op";
import { fixed, input, ShapeError, show } from "../shape";
import { type Convolution, type Pool, type Window, windowOf } from "../window";

/** Sizes of the windows' grid over sizes of a picture. A size that is not known stays so, unless nothing changes it. */
function slide(sizes: readonly Dim[], kernel: readonly number[], window: Window, ceil = false): Dim[] {
  const { strides, pads, dilations } = windowOf(window, sizes.length);
  return sizes.map((size, i) => {
    const covered = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    const before = pads[i] as number;
    const more = before + (pads[i + sizes.length] as number) - covered;
    const stride = strides[i] as number;
    if (typeof size === "string") return stride === 1 && more === -1 ? size : "*";
    if (size + more < 0) throw new ShapeError(`a window of ${covered} does not fit axis ${i + 2} of size ${size}`);
    const count = Math[ceil ? "ceil" : "floor"]((size + more) / stride) + 1;
    return ceil && (count - 1) * stride >= size + before ? count - 1 : count;
  });
}

/** Conv(x [N, C, …], weight [M, C / group, …], bias? [M]). */
export const Conv: OpDef<Convolution> = {
  infer(x, { group = 1, ...window }) {
    const data = input(x, 0);
    const weight = fixed(input(x, 1).shape);
    const [n, c, ...sizes] = data.shape as [Dim, Dim, ...Dim[]];
    const [m = 0, perGroup = 0, ...kernel] = weight;
    if (weight.length !== data.shape.length || (typeof c === "number" && c !== perGroup * group) || m % group)
      throw new ShapeError(`a weight of ${show(weight)} in ${group} groups does not fit ${show(data.shape)}`);
    return { dtype: data.dtype, shape: [n, m, ...slide(sizes, kernel, window)] };
  },
};

/** ConvTranspose(x [N, C, …], weight [C, M / group, …], bias? [M]): the adjoint of Conv. */
export const ConvTranspose: OpDef<Convolution & { output_padding?: readonly number[] }> = {
  infer(x, { group = 1, output_padding, ...window }) {
    const data = input(x, 0);
    const weight = fixed(input(x, 1).shape);
    const [n, c, ...sizes] = data.shape as [Dim, Dim, ...Dim[]];
    const [inputs = 0, perGroup = 0, ...kernel] = weight;
    if (weight.length !== data.shape.length || (typeof c === "number" && c !== inputs) || inputs % group)
      throw new ShapeError(`a weight of ${show(weight)} in ${group} groups does not fit ${show(data.shape)}`);
    const { strides, pads, dilations } = windowOf(window, sizes.length);
    const spread = sizes.map((size, i): Dim => {
      const stride = strides[i] as number;
      const covered = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
      const padding = (pads[i] as number) + (pads[i + sizes.length] as number);
      const more = covered + (output_padding?.[i] ?? 0) - padding;
      if (typeof size === "number") return (size - 1) * stride + more;
      return stride === 1 && more === 1 ? size : "*";
    });
    return { dtype: data.dtype, shape: [n, perGroup * group, ...spread] };
  },
};

/** Padding counts as zeros with `count_include_pad`, and not at all without. */
export const AveragePool: OpDef<Pool & { count_include_pad?: number }> = {
  infer(x, { kernel_shape, ceil_mode, ...window }) {
    const { dtype, shape } = input(x, 0);
    return { dtype, shape: [...shape.slice(0, 2), ...slide(shape.slice(2), kernel_shape, window, ceil_mode === 1)] };
  },
};
/** Also gives where each maximum stood, counted over the whole tensor: its gradient goes there. */
export const MaxPool: OpDef<Pool> = {
  infer(x, { kernel_shape, ceil_mode, ...window }) {
    const { dtype, shape } = input(x, 0);
    const pooled = [...shape.slice(0, 2), ...slide(shape.slice(2), kernel_shape, window, ceil_mode === 1)];
    return [
      { dtype, shape: pooled },
      { dtype: "int64", shape: pooled },
    ];
  },
};
const global: OpDef["infer"] = (x) => {
  const { dtype, shape } = input(x, 0);
  return { dtype, shape: shape.map((d, i) => (i < 2 ? d : 1)) };
};
export const GlobalAveragePool: OpDef = { infer: global };
export const GlobalMaxPool: OpDef = { infer: global };

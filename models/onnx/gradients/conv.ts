import type { Value } from "../graph";
import type { Ops } from "../ops/index";
import type * as ops from "../ops/conv";
import { fixed, sizeOf } from "../shape";
import { type Convolution, windowOf } from "../window";
import type { RulesOf } from "./rule";

const two = ({ x }: { x: readonly Value[] }): [Value, Value] => x as [Value, Value];
const spatial = (v: Value): number[] => fixed(v.shape).slice(2);
const others = (v: Value): number[] => v.shape.flatMap((_, i) => (i === 1 ? [] : [i]));

/** The adjoint of a convolution in its input: a transposed one, padded to the size that strides may have cut off. */
function toInput(op: Ops, dy: Value, weight: Value, x: Value, { group = 1, ...rest }: Convolution): Value {
  const window = windowOf(rest, x.shape.length - 2), kernel = spatial(weight), out = spatial(dy), axes = out.length;
  const output_padding = spatial(x).map((size, i) => size - (((out[i] as number) - 1) * (window.strides[i] as number) - (window.pads[i] as number) - (window.pads[i + axes] as number) + (window.dilations[i] as number) * ((kernel[i] as number) - 1) + 1));
  return op.ConvTranspose(dy, weight, { ...window, group, output_padding });
}

/**
 * The adjoint of a convolution in its weight: a convolution of the input with the cotangent, in which batch and channels change places
 * and strides and dilations too. Groups stay groups.
 */
function toWeight(op: Ops, dy: Value, weight: Value, x: Value, { group = 1, ...rest }: Convolution): Value {
  const [n = 0, c = 0, ...sizes] = fixed(x.shape), perGroup = c / group, rank = x.shape.length, tail = sizes.map((_, i) => i + 2), kernel = spatial(weight);
  const { strides, pads, dilations } = windowOf(rest, sizes.length);
  const grouped = op.Transpose(op.Reshape(x, { to: [n, group, perGroup, ...sizes] }), { perm: [2, 1, 0, ...tail.map((i) => i + 1)] });
  const swapped = op.Transpose(dy, { perm: [1, 0, ...tail] });
  const full = op.Conv(op.Reshape(grouped, { to: [perGroup, group * n, ...sizes] }), swapped, { group, strides: dilations, dilations: strides, pads });
  // Rows that a stride left over make the result a little too large.
  const cut = spatial(full).every((d, i) => d === kernel[i]) ? full : op.Slice(full, { starts: tail.map(() => 0), ends: kernel, axes: tail });
  return op.Transpose(cut, { perm: [1, 0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2)] });
}

export const conv: RulesOf<typeof ops> = {
  Conv: [
    (c) => toInput(c.op, c.dy, two(c)[1], two(c)[0], c.attrs),
    (c) => toWeight(c.op, c.dy, two(c)[1], two(c)[0], c.attrs),
    (c) => c.op.ReduceSum(c.dy, { axes: others(c.dy), keepdims: 0 }),
  ],
  ConvTranspose: [
    (c) => c.op.Conv(c.dy, two(c)[1], { group: c.attrs.group ?? 1, ...windowOf(c.attrs, c.dy.shape.length - 2) }),
    (c) => toWeight(c.op, two(c)[0], two(c)[1], c.dy, c.attrs),
    (c) => c.op.ReduceSum(c.dy, { axes: others(c.dy), keepdims: 0 }),
  ],
  AveragePool: [(c) => {
    const { kernel_shape, strides, pads, count_include_pad } = c.attrs, x = two(c)[0], channels = fixed(x.shape)[1] as number;
    if (pads?.some((p) => p > 0) && !count_include_pad) throw new Error("AveragePool has a gradient without padding, or with count_include_pad");
    const kernel = c.op.Expand(c.scalar(1 / kernel_shape.reduce((a, b) => a * b, 1)), { to: [channels, 1, ...kernel_shape] });
    return toInput(c.op, c.dy, kernel, x, { group: channels, strides, pads });
  }],
  MaxPool: [(c) => {
    const shape = fixed(two(c)[0].shape), n = sizeOf(shape), flat = (v: Value) => c.op.Reshape(v, { to: [sizeOf(v.shape)] });
    return c.op.Reshape(c.op.ScatterElements(c.op.Expand(c.scalar(0), { to: [n] }), flat(c.ys[1] as Value), flat(c.dy), { axis: 0, reduction: "add" }), { to: shape });
  }],
  GlobalAveragePool: [(c) => c.op.Mul(c.op.Expand(c.dy, { to: fixed(two(c)[0].shape) }), c.scalar(1 / spatial(two(c)[0]).reduce((a, b) => a * b, 1)))],
};

import type { Dim, Init, Value } from "../onnx/graph";
import { fixed } from "../onnx/shape";
import { samePads } from "../onnx/window";
import { type ActivationName, activate } from "./activation";
import { type Builder, fanIn, layerNorm, normal, scoped } from "./builder";

export interface ConvolutionSpec {
  /** Side of the square kernel. */
  kernel: number;
  stride?: number;
  group?: number;
  /**
   * Zeros on every side, or TensorFlow's "same" (as many outputs as size / stride, rounded up), or side by side: top,
   * left, bottom, right.
   */
  pad?: number | "same" | readonly [number, number, number, number];
  bias?: boolean;
  /** PyTorch's default where absent: uniform within 1/√fan_in, for weight and bias. */
  init?: Init;
  biasInit?: Init;
}

/** N(0, √(2 / fan_out)): He et al. 2015, as EfficientNet starts its convolutions. */
export const fanOut = (channels: number, { kernel, group = 1 }: Pick<ConvolutionSpec, "kernel" | "group">): Init =>
  normal(Math.sqrt((2 * group) / (kernel ** 2 * channels)));

/** A 2-D convolution; its weight is [out, in / group, k, k]. x: float32 [B, C, H, W] → [B, channels, H', W']. */
export function convolution(
  builder: Builder,
  name: string,
  x: Value,
  channels: number,
  { kernel, stride = 1, group = 1, pad = 0, bias = true, init, biasInit }: ConvolutionSpec,
): Value {
  const inputs = fixed(x.shape.slice(1, 2))[0] as number;
  const strides = [stride, stride];
  const size = [kernel, kernel];
  const perGroup = inputs / group;
  if (!Number.isInteger(perGroup)) throw new Error(`${inputs} channels cannot be cut into ${group} groups`);
  const fresh = fanIn(perGroup * kernel * kernel);
  const weight = builder.weight(`${name}.weight`, [channels, perGroup, kernel, kernel], init ?? fresh);
  // Without strides "same" does not depend on the sizes, which may be symbols.
  const same = () => samePads(stride === 1 ? size : fixed(x.shape.slice(2)), size, { strides });
  const around = typeof pad === "number" ? [pad, pad, pad, pad] : pad;
  const attrs = { group, strides, pads: around === "same" ? same() : around };
  return bias
    ? builder.op.Conv(
        x,
        weight,
        builder.weight(`${name}.bias`, [channels], biasInit ?? (init ? { kind: "zeros" } : fresh)),
        attrs,
      )
    : builder.op.Conv(x, weight, attrs);
}

export interface BatchNormalizationSpec {
  epsilon?: number;
  /**
   * How far the running statistics move to a batch's in one step, as in PyTorch (TensorFlow counts the other way
   * round).
   */
  momentum?: number;
  /** Whether it has gain and bias, as it has by default. */
  affine?: boolean;
}

/**
 * Batch normalization with running statistics and, unless told otherwise, gain and bias (Ioffe & Szegedy 2015), names
 * as in PyTorch. x: float32 [B, C, …] → the same.
 */
export function batchNorm(builder: Builder, name: string, x: Value, spec: BatchNormalizationSpec = {}): Value {
  const shape = fixed(x.shape.slice(1, 2));
  const ones: Init = { kind: "ones" };
  const zeros: Init = { kind: "zeros" };
  const named = scoped(builder, name);
  const all = (number: number) => builder.op.Expand(builder.constant([number]), { to: shape });
  const { affine = true } = spec;
  return normalizeBatch(
    builder,
    x,
    {
      scale: affine ? named.weight("weight", shape, ones) : all(1),
      bias: affine ? named.weight("bias", shape, zeros) : all(0),
      mean: named.buffer("running_mean", shape, zeros),
      variance: named.buffer("running_var", shape, ones),
    },
    spec,
  );
}

/**
 * Normalizes with the running statistics, or in training with the batch's own, and then moves the running ones towards
 * them: the mean, and the variance over n − 1, as torch.nn.BatchNorm2d does. Frozen running statistics are kept and
 * read in training too, as after eval() in PyTorch. x: float32 [B, C, …] → the same; all else is [C].
 */
export function normalizeBatch(
  builder: Builder,
  x: Value,
  { scale, bias, mean, variance }: Record<"scale" | "bias" | "mean" | "variance", Value>,
  { epsilon = 1e-5, momentum = 0.1 }: BatchNormalizationSpec = {},
): Value {
  const { op, constant } = builder;
  if (!builder.training || (builder.isFrozen(mean) && builder.isFrozen(variance)))
    return op.BatchNormalization(x, scale, bias, mean, variance, { epsilon });
  const axes = x.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
  // What is normalized is centred before: more exact where the mean is large beside the spread. That the mean moves
  // with x is a part of the gradient of the normalization.
  const average = op.ReduceMean(x, { axes });
  const centred = op.Sub(x, op.StopGradient(average));
  const batchMean = op.Reshape(average, { to: mean.shape });
  const batchVariance = op.ReduceMean(op.Mul(centred, centred), { axes, keepdims: 0 });
  const count = product(
    builder,
    axes.map((i) => x.shape[i] as Dim),
  );
  const moved = (running: Value, batch: Value) =>
    builder.update(running, op.Add(op.Mul(running, constant([1 - momentum])), op.Mul(batch, constant([momentum]))));
  moved(mean, batchMean);
  moved(variance, op.Mul(batchVariance, op.Div(count, op.Sub(count, constant([1])))));
  const noMean = op.Expand(constant([0]), { to: mean.shape as readonly number[] });
  return op.TrainingBatchNormalization(centred, scale, bias, noMean, batchVariance, { epsilon });
}

/**
 * The product of sizes as a float32 scalar, of which some may be symbols that are numbers only when the graph is
 * compiled.
 */
function product({ op, constant }: Builder, sizes: readonly Dim[]): Value {
  const known = sizes.filter((d) => typeof d === "number").reduce((n, d) => n * d, 1);
  const symbols = sizes.filter((d) => typeof d === "string");
  return symbols.length
    ? op.ReduceSum(op.Expand(constant([known]), { to: symbols }), { keepdims: 0 })
    : constant([known]);
}

/** Layer normalization over the channels of each pixel. x: float32 [B, C, H, W] → the same. */
export function layerNorm2d(builder: Builder, name: string, x: Value, epsilon: number): Value {
  return channelsFirst(builder, layerNorm(builder, name, channelsLast(builder, x), epsilon));
}
/** [B, C, H, W] → [B, H, W, C], and back. */
export const channelsLast = ({ op }: Builder, x: Value): Value => op.Transpose(x, { perm: [0, 2, 3, 1] });
export const channelsFirst = ({ op }: Builder, x: Value): Value => op.Transpose(x, { perm: [0, 3, 1, 2] });

/**
 * Squeeze-and-excitation (Hu et al. 2018): each channel times a gate in (0, 1) that two 1×1 convolutions, `reduce` and
 * `expand`, make of the channels' means. x: float32 [B, C, H, W] → the same.
 */
export function squeezeExcite(builder: Builder, x: Value, width: number, activation: ActivationName = "swish"): Value {
  const channels = fixed(x.shape.slice(1, 2))[0] as number;
  const means = builder.op.ReduceMean(x, { axes: [2, 3] });
  const point = (n: number): ConvolutionSpec => ({ kernel: 1, init: fanOut(n, { kernel: 1 }) });
  return builder.op.Mul(
    x,
    builder.op.Sigmoid(
      convolution(
        builder,
        "expand",
        activate(builder, activation, convolution(builder, "reduce", means, width, point(width))),
        channels,
        point(channels),
      ),
    ),
  );
}

/** EfficientNet's inverted bottlenecks (Tan & Le 2019), parameters named as in Hugging Face's EfficientNetModel. */
import type { Value } from "../onnx/graph";
import { type ActivationName, activate } from "./activation";
import { type Builder, scoped } from "./builder";
import { batchNorm, type ConvolutionSpec, convolution, fanOut, squeezeExcite } from "./convolution";

/** To a multiple of the divisor, and never less than 90 % of what was asked for. */
export function roundedChannels(n: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((n + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * n ? rounded + divisor : rounded;
}

/**
 * Padding of a depthwise convolution as Hugging Face's port has it: a strided one gets one less at top and left, as
 * TensorFlow's "same" does where sides are even, but for blocks that are listed.
 */
export function depthwisePad(
  kernel: number,
  stride: number,
  isEven: boolean,
): "same" | [number, number, number, number] {
  if (stride === 1) return "same";
  const half = Math.floor(kernel / 2);
  const before = isEven ? half : half - 1;
  return [before, before, half, half];
}

/** A stage of blocks. */
export interface Stage {
  repeats: number;
  kernel: number;
  /** Of its first block. */
  stride: number;
  expand: number;
  /** Of what comes in; what is not said is whatever comes. */
  inputs?: number;
  channels: number;
  squeeze: number;
  /** Whether a block adds what comes in where it has the size of what it gives. */
  skips: boolean;
}

/**
 * Stages as TensorFlow's EfficientNet writes them, separated by commas or spaces, such as
 * r1_k3_s11_e1_i32_o16_se0.25_noskip; what is not said is r1, s11, e6 and se0.25.
 */
export function stagesFrom(text: string): Stage[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((block) => stageFrom(block));
}

function stageFrom(block: string): Stage {
  const options = new Map(
    block.split("_").map((part) => {
      const [, name = part, value = ""] = /^([a-z]+)([\d.]*)$/.exec(part) ?? [];
      return [name, value];
    }),
  );
  const number = (name: string, otherwise?: number) => {
    const value = options.get(name) || otherwise;
    if (value === undefined || !(Number(value) > 0)) throw new Error(`the block “${block}” does not say its “${name}”`);
    return Number(value);
  };
  // Strides are written twice, for height and width: s22.
  const stride = Number((options.get("s") || "1").charAt(0));
  return {
    repeats: number("r", 1),
    kernel: number("k"),
    stride,
    expand: number("e", 6),
    ...(options.get("i") ? { inputs: number("i") } : {}),
    channels: number("o"),
    squeeze: number("se", 0.25),
    skips: !options.has("noskip"),
  };
}

export interface NormSpec {
  epsilon?: number;
  momentum?: number;
}

/** A convolution without bias and its batch norm. */
export function convolutionNorm(
  builder: Builder,
  x: Value,
  channels: number,
  { norm, names, ...spec }: ConvolutionSpec & { norm: NormSpec; names: readonly [convolution: string, norm: string] },
): Value {
  const [name, normName] = names;
  const seen = convolution(builder, name, x, channels, { ...spec, bias: false, init: fanOut(channels, spec) });
  return batchNorm(builder, normName, seen, { epsilon: 1e-3, ...norm });
}

export interface MbConvSpec {
  kernel: number;
  stride: number;
  /** How many times wider it is inside. */
  expand: number;
  channels: number;
  /** Whether what came in is added to what it gives. */
  shortcut: boolean;
  /** Padding of the depthwise convolution. */
  pad: ConvolutionSpec["pad"];
  norm: NormSpec;
  activation?: ActivationName;
  /** Width inside of squeeze-and-excitation as a share of what comes in. */
  squeeze?: number;
}

/** An inverted bottleneck: wide inside, narrow outside. x: float32 [B, C, H, W] → [B, channels, H/stride, W/stride]. */
export function mbConv(builder: Builder, x: Value, spec: MbConvSpec): Value {
  const { kernel, stride, expand, channels, norm, pad, activation = "swish", squeeze = 0.25 } = spec;
  const inputs = x.shape[1] as number;
  const wide = inputs * expand;
  const expanded =
    expand === 1
      ? x
      : activate(
          builder,
          activation,
          convolutionNorm(scoped(builder, "expansion"), x, wide, {
            kernel: 1,
            norm,
            names: ["expand_conv", "expand_bn"],
          }),
        );
  const depthwise = convolutionNorm(scoped(builder, "depthwise_conv"), expanded, wide, {
    kernel,
    stride,
    group: wide,
    pad,
    norm,
    names: ["depthwise_conv", "depthwise_norm"],
  });
  const seen = activate(builder, activation, depthwise);
  const gated = squeezeExcite(
    scoped(builder, "squeeze_excite"),
    seen,
    Math.max(1, Math.floor(inputs * squeeze)),
    activation,
  );
  const narrow = convolutionNorm(scoped(builder, "projection"), gated, channels, {
    kernel: 1,
    norm,
    names: ["project_conv", "project_bn"],
  });
  return spec.shortcut ? builder.op.Add(x, narrow) : narrow;
}

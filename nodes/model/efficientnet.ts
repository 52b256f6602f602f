import * as z from "zod";
import { type Builder, scoped } from "#models/blocks/builder";
import { batchNorm, type ConvolutionSpec, convolution, fanOut, squeezeExcite } from "#models/blocks/convolution";
import type { Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

/** The seven stages of EfficientNet-B0. */
const stages = [
  { kernel: 3, stride: 1, expand: 1, channels: 16, repeats: 1 },
  { kernel: 3, stride: 2, expand: 6, channels: 24, repeats: 2 },
  { kernel: 5, stride: 2, expand: 6, channels: 40, repeats: 2 },
  { kernel: 3, stride: 2, expand: 6, channels: 80, repeats: 3 },
  { kernel: 5, stride: 1, expand: 6, channels: 112, repeats: 3 },
  { kernel: 5, stride: 2, expand: 6, channels: 192, repeats: 4 },
  { kernel: 3, stride: 1, expand: 6, channels: 320, repeats: 1 },
] as const;

export const efficientnet = defineNode({
  type: "model.efficientnet",
  title: "EfficientNet",
  description: "A convolutional image encoder of inverted bottlenecks with squeeze-and-excitation and batch norm.",
  docs: `EfficientNet (Tan & Le 2019), parameters named as in Hugging Face's EfficientNetModel: a 3×3 stem of stride 2,
seven stages of MBConv (1×1 expansion, depthwise 3×3 or 5×5, squeeze-and-excitation 0.25, 1×1 projection, and, but
in the first block of a stage, the input added), padding "same" as in TensorFlow, swish, batch norm with epsilon 1e-3.
Batch norm takes the batch's statistics in training and running ones otherwise, or where those are frozen. Weights start
at N(0, √(2 / fan_out)). Drop-connect is left out. B0 has multipliers 1 and 1, B3 1.2 and 1.4, B7 2.0 and 3.1. ALIGN
reads B7 without the last convolution: its \`features\` are [B, 640].

- \`pixels\` float32 [B, 3, H, W]
- \`features\` float32 [B, D]: the mean over the last map; D is 1280·width with the last convolution, 320·width
  without, to the nearest multiple of 8
- \`map\` float32 [B, D, H/32, W/32]`,
  version: 1,
  expensive: true,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    features: port.tensor({ dtype: "float32", shape: ["B", "*"] }),
    map: port.tensor({ dtype: "float32", shape: ["B", "*", "*", "*"] }),
  },
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("efficientnet")
      .meta({ description: "Prefix of its parameters in a checkpoint." }),
    width: z.number().min(0.1).max(6).default(1).meta({ label: "Width multiplier" }),
    depth: z.number().min(0.1).max(6).default(1).meta({ label: "Depth multiplier" }),
    topConvolution: z
      .boolean()
      .default(true)
      .meta({ label: "Last 1×1 convolution", description: "Widens the last map fourfold; ALIGN leaves it out." }),
    momentum: z.number().min(0.001).max(1).default(0.1).meta({
      label: "Batch norm momentum",
      description: "Weight of a batch in the running statistics, as PyTorch counts it.",
      advanced: true,
    }),
  },
  build(builder) {
    const {
      op,
      inputs: { pixels },
      params: { width, depth, topConvolution, momentum },
    } = builder;
    const channels = (n: number) => roundedChannels(n * width);
    const unit = unitOf(momentum);
    let x = op.Swish(
      unit(scoped(builder, "embeddings"), pixels, channels(32), { kernel: 3, stride: 2 }, ["convolution", "batchnorm"]),
    );
    let index = 0;
    for (const { repeats, stride, channels: n, ...stage } of stages) {
      for (let j = 0; j < Math.ceil(repeats * depth); j++)
        x = mbConv(scoped(builder, `encoder.blocks.${index++}`), x, {
          ...stage,
          channels: channels(n),
          stride: j === 0 ? stride : 1,
          first: j === 0,
          unit,
        });
    }
    if (topConvolution)
      x = op.Swish(unit(scoped(builder, "encoder"), x, channels(1280), { kernel: 1 }, ["top_conv", "top_bn"]));
    return { features: op.ReduceMean(x, { axes: [2, 3], keepdims: 0 }), map: x };
  },
});

/** To a multiple of 8, and never less than 90 % of what was asked for. */
function roundedChannels(n: number): number {
  const rounded = Math.max(8, Math.floor((n + 4) / 8) * 8);
  return rounded < 0.9 * n ? rounded + 8 : rounded;
}

type Unit = (
  builder: Builder,
  x: Value,
  channels: number,
  spec: ConvolutionSpec,
  names: readonly [convolution: string, norm: string],
) => Value;
/** A convolution without bias and its batch norm. */
const unitOf =
  (momentum: number): Unit =>
  (builder, x, channels, spec, [name, norm]) =>
    batchNorm(
      builder,
      norm,
      convolution(builder, name, x, channels, { ...spec, pad: "same", bias: false, init: fanOut(channels, spec) }),
      { epsilon: 1e-3, momentum },
    );

interface MbConvSpec {
  kernel: number;
  stride: number;
  expand: number;
  channels: number;
  first: boolean;
  unit: Unit;
}
/** An inverted bottleneck: wide inside, narrow outside. The first of a stage changes the shape and has no shortcut. */
function mbConv(builder: Builder, x: Value, { kernel, stride, expand, channels, first, unit }: MbConvSpec): Value {
  const { op } = builder;
  const inputs = x.shape[1] as number;
  const wide = inputs * expand;
  const expanded =
    expand === 1
      ? x
      : op.Swish(unit(scoped(builder, "expansion"), x, wide, { kernel: 1 }, ["expand_conv", "expand_bn"]));
  const seen = op.Swish(
    unit(scoped(builder, "depthwise_conv"), expanded, wide, { kernel, stride, group: wide }, [
      "depthwise_conv",
      "depthwise_norm",
    ]),
  );
  const gated = squeezeExcite(scoped(builder, "squeeze_excite"), seen, Math.max(1, Math.floor(inputs / 4)));
  const narrow = unit(scoped(builder, "projection"), gated, channels, { kernel: 1 }, ["project_conv", "project_bn"]);
  return first ? narrow : op.Add(x, narrow);
}

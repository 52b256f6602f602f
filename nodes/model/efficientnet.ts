import * as z from "zod";
import { type Builder, scoped } from "#models/blocks/builder";
import type { ConvolutionSpec } from "#models/blocks/convolution";
import { convolutionNorm, mbConv, roundedChannels } from "#models/blocks/efficientnet";
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
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
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
    const { op, inputs, params } = builder;
    const { width, depth, topConvolution, momentum } = params;
    const norm = { momentum };
    const channels = (n: number) => roundedChannels(n * width);
    const unit = (root: Builder, x: Value, count: number, spec: ConvolutionSpec, names: readonly [string, string]) =>
      op.Swish(convolutionNorm(root, x, count, { ...spec, pad: "same", norm, names }));
    let x = unit(scoped(builder, "embeddings"), inputs.pixels, channels(32), { kernel: 3, stride: 2 }, [
      "convolution",
      "batchnorm",
    ]);
    let index = 0;
    for (const { repeats, stride, channels: count, ...stage } of stages) {
      for (let j = 0; j < Math.ceil(repeats * depth); j++)
        x = mbConv(scoped(builder, `encoder.blocks.${index++}`), x, {
          ...stage,
          channels: channels(count),
          stride: j === 0 ? stride : 1,
          shortcut: j > 0,
          pad: "same",
          norm,
        });
    }
    if (topConvolution) x = unit(scoped(builder, "encoder"), x, channels(1280), { kernel: 1 }, ["top_conv", "top_bn"]);
    return { features: op.ReduceMean(x, { axes: [2, 3], keepdims: 0 }), map: x };
  },
});

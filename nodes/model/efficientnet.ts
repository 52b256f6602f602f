import * as z from "zod";
import { activate } from "#models/blocks/activation";
import { type Builder, scoped } from "#models/blocks/builder";
import type { ConvolutionSpec } from "#models/blocks/convolution";
import {
  convolutionNorm,
  depthwisePad,
  mbConv,
  roundedChannels,
  type Stage,
  stagesFrom,
} from "#models/blocks/efficientnet";
import type { Value } from "#models/onnx/graph";
import { activationParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { epsilonParam } from "../core/norm-epsilon";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const efficientnet = defineNode({
  type: "model.efficientnet",
  title: "EfficientNet",
  description: "A convolutional image encoder of inverted bottlenecks with squeeze-and-excitation and batch norm.",
  synonyms: ["CNN", "MBConv", "backbone", "ALIGN"],
  docs: `EfficientNet (Tan & Le 2019), parameters named as in Hugging Face's EfficientNetModel: a 3×3 stem of stride 2,
seven stages of MBConv (1×1 expansion, depthwise 3×3 or 5×5, squeeze-and-excitation 0.25, 1×1 projection, and, but
in the first block of a stage, the input added), padding "same" as in TensorFlow, swish, batch norm with epsilon 1e-3.
Batch norm takes the batch's statistics in training and running ones otherwise, or where those are frozen. Weights start
at N(0, √(2 / fan_out)). Drop-connect is left out. B0 has multipliers 1 and 1, B3 1.2 and 1.4, B7 2.0 and 3.1. ALIGN
reads B7 without the last convolution: its \`features\` are [B, 640], and its parameters have the names of Hugging
Face's AlignModel behind the scope \`vision_model\`.

*Blocks* are the stages as TensorFlow's EfficientNet writes them; empty, B0's. A block adds what comes in where it has
stride 1 and as many channels as it gives; where no blocks are given, never the first of a stage. With the width 1
channels are as they are written. *Hugging Face's* padding is that of its port, whose list \`depthwise_padding\` is
*Evenly padded*.

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
    scope: scopeParam("efficientnet"),
    width: z.number().min(0.1).max(6).default(1).meta({ label: "Width multiplier" }),
    depth: z.number().min(0.1).max(6).default(1).meta({ label: "Depth multiplier" }),
    stem: z.int().min(1).max(4096).default(32).meta({ label: "Channels of the stem", advanced: true }),
    blocks: z.string().max(4000).default("").meta({
      label: "Blocks",
      placeholder: "r1_k3_s11_e1_i32_o16_se0.25, r2_k3_s22_e6_i16_o24_se0.25",
      advanced: true,
    }),
    padding: z
      .enum(["same", "Hugging Face's"])
      .default("same")
      .meta({ description: "Of strided convolutions, which differ where sides are odd.", advanced: true }),
    even: z
      .string()
      .max(1000)
      .regex(/^[\d\s,]*$/, "numbers of blocks, separated by commas")
      .default("")
      .meta({
        label: "Evenly padded",
        description: "Numbers of strided blocks, from 0, that are padded as much at top and left as elsewhere.",
        when: { padding: ["Hugging Face's"] },
        advanced: true,
      }),
    topConvolution: z
      .boolean()
      .default(true)
      .meta({ label: "Last 1×1 convolution", description: "Widens the last map fourfold; ALIGN leaves it out." }),
    momentum: z.number().min(0.001).max(1).default(0.1).meta({
      label: "Batch norm momentum",
      description: "Weight of a batch in the running statistics, as PyTorch counts it.",
      advanced: true,
    }),
    activation: activationParam("swish"),
    epsilon: epsilonParam(1e-3),
  },
  build(builder) {
    const { op, inputs, params } = builder;
    const { width, topConvolution, momentum, activation, epsilon } = params;
    const norm = { momentum, epsilon };
    const isPort = params.padding === "Hugging Face's";
    const channels = (n: number) => (params.blocks && width === 1 ? n : roundedChannels(n * width));
    const unit = (root: Builder, x: Value, count: number, spec: ConvolutionSpec, names: readonly [string, string]) =>
      activate(root, activation, convolutionNorm(root, x, count, { pad: "same", ...spec, norm, names }));
    const stem: ConvolutionSpec = { kernel: 3, stride: 2, ...(isPort ? { pad: [0, 0, 1, 1] } : {}) };
    const stemNames = ["convolution", "batchnorm"] as const;
    let x = unit(scoped(builder, "embeddings"), inputs.pixels, channels(params.stem), stem, stemNames);
    const even = new Set(
      params.even
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(Number),
    );
    for (const [i, { channels: count, inputs: said, skips, ...block }] of blocksOf(params).entries()) {
      const { kernel, stride } = block;
      if (said !== undefined && x.shape[1] !== channels(said))
        throw new Error(`block ${i} is said to read ${channels(said)} channels, and ${x.shape[1]} come in`);
      const isSame = stride === 1 && x.shape[1] === channels(count);
      x = mbConv(scoped(builder, `encoder.blocks.${i}`), x, {
        ...block,
        channels: channels(count),
        shortcut: skips && isSame,
        pad: isPort ? depthwisePad(kernel, stride, even.has(i)) : "same",
        norm,
        activation,
      });
    }
    if (topConvolution) x = unit(scoped(builder, "encoder"), x, channels(1280), { kernel: 1 }, ["top_conv", "top_bn"]);
    return { features: op.ReduceMean(x, { axes: [2, 3], keepdims: 0 }), map: x };
  },
});

/** The seven stages of EfficientNet-B0. */
const b0 = `r1_k3_s11_e1_i32_o16_se0.25 r2_k3_s22_e6_i16_o24_se0.25 r2_k5_s22_e6_i24_o40_se0.25 \
r3_k3_s22_e6_i40_o80_se0.25 r3_k5_s11_e6_i80_o112_se0.25 r4_k5_s22_e6_i112_o192_se0.25 r1_k3_s11_e6_i192_o320_se0.25`;

/** All blocks, those of a stage one after the other. */
function blocksOf({ blocks, depth }: { blocks: string; depth: number }): Omit<Stage, "repeats">[] {
  return stagesFrom(blocks || b0).flatMap(({ repeats, ...stage }) =>
    Array.from({ length: Math.ceil(repeats * depth) }, (_, i) => ({
      ...stage,
      inputs: i === 0 ? stage.inputs : undefined,
      stride: i === 0 ? stage.stride : 1,
      skips: stage.skips && (i > 0 || blocks !== ""),
    })),
  );
}

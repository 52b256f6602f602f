import * as z from "zod";
import { clipResnet as buildResnet } from "#models/blocks/clip";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const clipResnet = defineNode({
  type: "model.clip-resnet",
  title: "CLIP ResNet",
  description: "CLIP's convolutional image encoder: a modified ResNet whose last map is pooled by attention.",
  synonyms: ["RN50", "RN101", "ModifiedResNet", "CNN", "backbone"],
  docs: `ModifiedResNet of openai/CLIP (Radford et al. 2021, §2.4; clip/model.py), whose names its parameters have: a
stem of three 3×3 convolutions and a 2×2 average pool; four stages of bottlenecks whose stride is an average pool
before the last convolution and before that of the way around; batch norm with momentum 0.1; and attention from the
mean of the last map's places to that mean and all places, with learned positions. The last batch norm of a
bottleneck starts with gains of 0. RN50 has width 64 and 3, 4, 6, 3 blocks, and 32 heads.

- \`pixels\` float32 [B, 3, H, W], H and W divisible by 32
- \`embedding\` float32 [B, E], before it is normalized; there is no further projection
- \`map\` float32 [B, 32·width, H/32, W/32]`,
  version: 1,
  expensive: true,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    embedding: port.tensor({ dtype: "float32", shape: ["B", "$output"] }),
    map: port.tensor({ dtype: "float32", shape: ["B", "*", "*", "*"] }),
  },
  params: {
    scope: scopeParam("visual"),
    width: z.int().min(2).max(512).multipleOf(2).default(64).meta({ description: "Channels behind the stem." }),
    blocks: z
      .string()
      .regex(/^\s*\d+(\s*,\s*\d+){3}\s*$/, "four numbers, separated by commas")
      .default("3, 4, 6, 3")
      .meta({ label: "Blocks of the stages" }),
    heads: z.int().min(1).max(256).default(32).meta({ description: "Of the attention that pools." }),
    output: z.int().min(1).max(16_384).default(1024).meta({ label: "Output width", description: "E" }),
  },
  check: ({ width, heads }) =>
    (32 * width) % heads
      ? {
          param: "heads",
          message: `The last map has ${32 * width} channels, which are not divisible by ${heads} heads.`,
          hint: "Choose heads = width / 2, as CLIP does.",
        }
      : undefined,
  build(builder) {
    const { inputs, params } = builder;
    const blocks = params.blocks.split(",").map(Number);
    const [, , height, width] = inputs.pixels.shape;
    if (typeof height !== "number" || typeof width !== "number" || height % 32 || width % 32)
      throw new Error(`pictures of ${width} × ${height} do not become a whole map: sides are multiples of 32`);
    return buildResnet(builder, inputs.pixels, { ...params, blocks });
  },
});

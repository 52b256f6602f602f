import * as z from "zod";
import { scoped } from "#models/blocks/builder";
import { convNextPool, convNextStage, convNextStem } from "#models/blocks/convnext";
import type { Value } from "#models/onnx/graph";
import { fixed } from "#models/onnx/shape";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const convnext = defineNode({
  type: "model.convnext",
  title: "ConvNeXt",
  description:
    "A convolutional image encoder in four stages of halving resolution, of 7×7 depthwise convolutions and MLPs.",
  synonyms: ["CNN", "ConvNet", "backbone"],
  docs: `ConvNeXt (Liu et al. 2022), parameters named as in Hugging Face's ConvNextModel: a 4×4 patch convolution
with layer norm, then four stages of blocks, each stage but the first behind layer norm and a 2×2 convolution of
stride 2. Widths double from stage to stage. Layer norms have epsilon 1e-6, weights start at N(0, 0.02), the scale
of each block at 1e-6. Stochastic depth is left out. ConvNeXt-T is width 96 with 3-3-9-3 blocks, S 96 with 3-3-27-3,
B 128, L 192, XL 256.

- \`pixels\` float32 [B, 3, H, W], H and W of at least 32
- \`features\` float32 [B, 8·width]: the mean over the last map, after layer norm
- \`map\` float32 [B, 8·width, H/32, W/32]: the last stage
- \`pyramid\` float32 [B, 15·width, H/4, W/4]: all four stages, resized (bilinear) to the first and put together, as
  Mini-Gemini and Cambrian-1 read it`,
  version: 1,
  expensive: true,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    features: port.tensor({ dtype: "float32", shape: ["B", "*"] }),
    map: port.tensor({ dtype: "float32", shape: ["B", "*", "*", "*"] }),
    pyramid: port.tensor({ dtype: "float32", shape: ["B", "*", "*", "*"] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {
    scope: scopeParam("convnext"),
    width: z.int().min(4).max(1024).default(96).meta({ description: "Channels of the first stage" }),
    blocks: z
      .string()
      .regex(/^[1-9]\d?(-[1-9]\d?){3}$/, "four numbers, such as 3-3-9-3")
      .default("3-3-9-3")
      .meta({ description: "How many in each of the four stages" }),
  },
  build(builder) {
    const { op, inputs, params } = builder;
    const { width, blocks } = params;
    const maps: Value[] = [];
    let x = convNextStem(builder, inputs.pixels, width, 4);
    for (const [i, count] of blocks.split("-").map(Number).entries()) {
      x = convNextStage(scoped(builder, `encoder.stages.${i}`), x, {
        activation: "gelu",
        layerScale: 1e-6,
        channels: width * 2 ** i,
        blocks: count,
        halves: i > 0,
      });
      maps.push(x);
    }
    const [first = x, ...smaller] = maps;
    const sizes = first.shape.slice(2);
    const resized = smaller.map((map) => op.Resize(map, { sizes: fixed(sizes), axes: [2, 3], mode: "linear" }));
    return { features: convNextPool(builder, x), map: x, pyramid: op.Concat(first, ...resized, { axis: 1 }) };
  },
});

import * as z from "zod";
import { type Builder, layerNorm, linear, normal, scoped } from "#models/blocks/builder";
import { channelsFirst, channelsLast, convolution, layerNorm2d } from "#models/blocks/convolution";
import type { Value } from "#models/onnx/graph";
import { fixed } from "#models/onnx/shape";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

const epsilon = 1e-6;
const init = normal(0.02);
const biasInit = { kind: "zeros" } as const;

export const convnext = defineNode({
  type: "model.convnext",
  title: "ConvNeXt",
  description:
    "A convolutional image encoder in four stages of halving resolution, of 7×7 depthwise convolutions and MLPs.",
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
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("convnext")
      .meta({ description: "Prefix of its parameters in a checkpoint." }),
    width: z.int().min(4).max(1024).default(96).meta({ description: "Channels of the first stage" }),
    blocks: z
      .string()
      .regex(/^[1-9]\d?(-[1-9]\d?){3}$/, "four numbers, such as 3-3-9-3")
      .default("3-3-9-3")
      .meta({ description: "How many in each of the four stages" }),
  },
  build(builder) {
    const {
      op,
      inputs: { pixels },
      params: { width, blocks },
    } = builder;
    const embeddings = scoped(builder, "embeddings");
    const maps: Value[] = [];
    let x = layerNorm2d(
      embeddings,
      "layernorm",
      convolution(embeddings, "patch_embeddings", pixels, width, { kernel: 4, stride: 4, init, biasInit }),
      epsilon,
    );
    for (const [i, count] of blocks.split("-").map(Number).entries()) {
      const stage = scoped(builder, `encoder.stages.${i}`);
      const down = scoped(stage, "downsampling_layer");
      if (i > 0)
        x = convolution(down, "1", layerNorm2d(down, "0", x, epsilon), width * 2 ** i, {
          kernel: 2,
          stride: 2,
          init,
          biasInit,
        });
      for (let j = 0; j < count; j++) x = block(scoped(stage, `layers.${j}`), x);
      maps.push(x);
    }
    const [first = x, ...smaller] = maps;
    const sizes = first.shape.slice(2);
    const resized = smaller.map((map) => op.Resize(map, { sizes: fixed(sizes), axes: [2, 3], mode: "linear" }));
    return {
      features: layerNorm(builder, "layernorm", op.ReduceMean(x, { axes: [2, 3], keepdims: 0 }), epsilon),
      map: x,
      pyramid: op.Concat(first, ...resized, { axis: 1 }),
    };
  },
});

/** x += γ·MLP(LN(depthwise 7×7 of x)): the published block, with its MLP over the last axis. */
function block(builder: Builder, x: Value): Value {
  const { op } = builder;
  const width = x.shape[1] as number;
  const seen = channelsLast(
    builder,
    convolution(builder, "dwconv", x, width, { kernel: 7, pad: 3, group: width, init, biasInit }),
  );
  const hidden = op.Gelu(
    linear(builder, "pwconv1", layerNorm(builder, "layernorm", seen, epsilon), 4 * width, { init }),
  );
  const scaled = op.Mul(
    linear(builder, "pwconv2", hidden, width, { init }),
    builder.weight("layer_scale_parameter", [width], { kind: "constant", value: 1e-6 }),
  );
  return op.Add(x, channelsFirst(builder, scaled));
}

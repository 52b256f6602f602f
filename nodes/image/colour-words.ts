import * as z from "zod";
import { patchesOf } from "#models/blocks/patches";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const colourWords = defineNode({
  type: "image.colour-words",
  title: "Colour words",
  description: "A word for each patch of a picture, by its mean colour: what masked image modelling asks for.",
  synonyms: ["visual tokens", "discrete codes", "BEiT targets", "color"],
  docs: `Each channel's mean is cut into *Levels*, and the word is red · levels² + green · levels + blue. It stands in
for the visual words of a discrete VAE that BEiT asks for (Bao et al. 2021, §2.2), and needs no training.

\`pixels\` float32 [B, 3, H, W] in [−1, 1] (*Normalize* with 0.5 and 0.5) → \`words\` int64 [B, N], below levels³`,
  version: 1,
  inputs: { pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }) },
  outputs: { words: port.tensor({ dtype: "int64", shape: ["B", "*"] }) },
  params: {
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    levels: z.int().min(2).max(32).default(3).meta({ unit: "for each channel" }),
  },
  build(builder) {
    const { op, constant, inputs, params } = builder;
    const { patch, levels } = params;
    const patches = patchesOf(builder, inputs.pixels, [patch, patch]);
    const [batch, count] = patches.shape as [Dim, Dim];
    const apart = op.Reshape(patches, { to: [batch, count, 3, patch * patch] });
    const means = op.ReduceMean(apart, { axes: [3], keepdims: 0 });
    const share = op.Mul(op.Add(means, constant([1])), constant([levels / 2]));
    const level = op.Clip(op.Floor(share), constant([0]), constant([levels - 1]));
    const sum = op.ReduceSum(op.Mul(level, constant([levels ** 2, levels, 1])), { axes: [2], keepdims: 0 });
    return { words: op.Cast(sum, { dtype: "int64" }) };
  },
});

import * as z from "zod";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const poolGrid = defineNode({
  type: "model.pool-grid",
  title: "Pool grid",
  description: "Fewer tokens of a picture: the mean of each square of patches, with or without the class token.",
  synonyms: ["average pooling", "AvgPool2d", "downsample"],
  docs: `float32 [B, K + S², D], K tokens before a square of S × S patches → [B, (K +) (S / *stride*)², D]. A language
model that reads pictures pays for each token: 36 patches and a class token become nine and one. The mean of squares is
what bilinear scaling to half gives, with which LLaVA-OneVision shrinks frames of videos.`,
  version: 1,
  inputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "D"] }) },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "D"] }) },
  params: {
    stride: z.int().min(1).max(64).default(2).meta({ unit: "patches" }),
    before: z.int().min(0).max(64).default(1).meta({
      label: "Tokens before",
      description: "The patches: 1 where there is a class token.",
    }),
    keep: z.boolean().default(true).meta({ label: "Keep those", description: "Off: only patches go on." }),
  },
  build({ op, inputs, params: { stride, before, keep } }) {
    const [batch, count, width] = inputs.tokens.shape as [Dim, Dim, Dim];
    const side = typeof count === "number" ? Math.sqrt(count - before) : Number.NaN;
    if (!Number.isInteger(side))
      throw new Error(`${count} tokens with ${before} before the patches are no square of patches`);
    if (side % stride) throw new Error(`a grid of ${side} × ${side} patches cannot be cut into squares of ${stride}`);
    const patches = op.Slice(inputs.tokens, { starts: [before], ends: [before + side * side], axes: [1] });
    const squares = op.Reshape(patches, { to: [batch, side / stride, stride, side / stride, stride, width] });
    const means = op.ReduceMean(squares, { axes: [2, 4], keepdims: 0 });
    const pooled = op.Reshape(means, { to: [batch, (side / stride) ** 2, width] });
    if (!keep || before === 0) return { tokens: pooled };
    const first = op.Slice(inputs.tokens, { starts: [0], ends: [before], axes: [1] });
    return { tokens: op.Concat(first, pooled, { axis: 1 }) };
  },
});

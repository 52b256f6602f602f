import * as z from "zod";
import { gridOf } from "#models/blocks/patches";
import { patchesWithPixels } from "#models/blocks/picture-grids";
import type { Dim, Value } from "#models/onnx/graph";
import { append } from "#models/onnx/ops/index";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const choosePatches = defineNode({
  type: "model.choose-patches",
  title: "Choose patches",
  description:
    "Which patches of padded pictures enter a transformer: at most so many, drawn among those of the picture.",
  synonyms: ["patch sampling", "max_image_len"],
  docs: `Of a picture with more patches than may enter some are drawn without repetition; one with fewer gives all of
them, filled up with patches of the padding, which are masked (ViLT, \`visual_embed\` with \`max_image_len\`; 200 in its
pre-training). Draws come in: patches of the picture go first, in the order of their draws, the largest first.

\`pixels\` float32 [B, 3, H, W], \`draws\` float32 [B, n ≥ the canvas's patches] in [0, 1) → \`chosen\` int64 [B, n], n
the smaller of *At most* and the canvas's patches`,
  version: 1,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    draws: port.tensor({ dtype: "float32", shape: ["B", "n"], doc: "One for each patch of the canvas, or more." }),
  },
  outputs: { chosen: port.tensor({ dtype: "int64", shape: ["B", "*"] }) },
  params: {
    patch: z.int().min(1).max(64).default(32).meta({ label: "Patch size", unit: "px" }),
    most: z.int().min(1).max(65_536).default(200).meta({ label: "At most", unit: "patches" }),
  },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const [batch, , ...size] = inputs.pixels.shape as [Dim, Dim, ...Dim[]];
    const grid = gridOf(size, [params.patch, params.patch]);
    const count = grid[0] * grid[1];
    const given = inputs.draws.shape[1];
    if (typeof given === "number" && given < count)
      throw new Error(
        `${count} patches of a canvas of ${size[1]} × ${size[0]} need as many draws, and ${given} come in`,
      );
    const inside = op.Reshape(patchesWithPixels(builder, inputs.pixels, grid), { to: [batch, count] });
    const own = op.Slice(inputs.draws, { starts: [0], ends: [count], axes: [1] });
    const places = op.Add(own, op.Cast(inside, { dtype: "float32" }));
    const [, chosen] = append(graph, "TopK", [places], { k: [Math.min(params.most, count)], axis: 1 });
    return { chosen: chosen as Value };
  },
});

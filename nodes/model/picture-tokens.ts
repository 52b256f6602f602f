import * as z from "zod";
import { normal } from "#models/blocks/builder";
import { gridOf, patchEmbedding } from "#models/blocks/patches";
import { patchesWithPixels, stretchedPositions } from "#models/blocks/picture-grids";
import type { Dim, Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const pictureTokens = defineNode({
  type: "model.picture-tokens",
  title: "Picture tokens",
  description: "Patches of pictures of several sizes, each with the positions of its own grid, behind a class token.",
  synonyms: ["NaViT", "patch embedding", "interpolate positions"],
  docs: `ViLT's path of pictures (Kim et al. 2021, §3.1; \`visual_embed\` in
vilt/modules/vision_transformer.py). Pictures lie at the top left of a common canvas, as *Min-max resize* pads them; a
pixel whose channels sum to exactly 0 is padding. A patch is a convolution with bias; positions were learned on a square
grid and are stretched over each picture's own one, bilinear with corners on corners. Of these patches those that are
chosen (*Choose patches*) enter, and the class token, with a position of its own, comes first.

Parameters: \`patch_embed.proj\`, \`cls_token\` [1, 1, D], \`pos_embed\` [1, 1 + grid², D].

- \`pixels\` float32 [B, 3, H, W]; \`chosen\` int64 [B, n], numbers of patches, row by row in the canvas; all
  without it
- \`tokens\` float32 [B, 1 + n, D]; \`mask\` int64 [B, 1 + n], 0 for patches outside of a picture`,
  version: 1,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    chosen: port.tensor({ dtype: "int64", shape: ["B", "n"], optional: true, doc: "Which patches enter." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "$width"] }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "*"], doc: "1 where a token counts." }),
  },
  params: {
    scope: scopeParam("transformer"),
    patch: z.int().min(1).max(64).default(32).meta({ label: "Patch size", unit: "px" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
    grid: z.int().min(1).max(256).default(12).meta({
      label: "Grid of positions",
      unit: "patches",
      description: "Side of the square that positions are learned on.",
    }),
  },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const { patch, width, grid: side } = params;
    const [batch, , ...size] = inputs.pixels.shape as [Dim, Dim, ...Dim[]];
    const grid = gridOf(size, [patch, patch]);
    const count = grid[0] * grid[1];
    const inside = patchesWithPixels(builder, inputs.pixels, grid);
    const flat = op.Reshape(inside, { to: [batch, count] });
    const table = builder.weight("pos_embed", [1, 1 + side * side, width], normal(0.02));
    const cut = (start: number, end: number) => op.Slice(table, { starts: [start], ends: [end], axes: [1] });
    const learned = op.Reshape(cut(1, 1 + side * side), { to: [side, side, width] });
    const isInside = op.Reshape(op.Cast(flat, { dtype: "float32" }), { to: [batch, count, 1] });
    const positions = op.Mul(stretchedPositions(builder, learned, [side, side], inside), isInside);
    const patches = patchEmbedding(builder, "patch_embed.proj", inputs.pixels, { patch: [patch, patch], width });
    const placed = op.Add(patches, positions);
    const index = inputs.chosen && op.Reshape(inputs.chosen, { to: [...inputs.chosen.shape, 1] });
    const pick = (x: Value) => (index ? op.GatherND(x, index, { batch_dims: 1 }) : x);
    const always = op.Expand(graph.constant([1], "int64"), { to: [batch, 1] });
    const token = op.Add(builder.weight("cls_token", [1, 1, width], normal(0.02)), cut(0, 1));
    const first = op.Expand(token, { to: [batch, 1, width] });
    return {
      tokens: op.Concat(first, pick(placed), { axis: 1 }),
      mask: op.Concat(always, pick(flat), { axis: 1 }),
    };
  },
});

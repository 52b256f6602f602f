import * as z from "zod";
import { normal } from "#models/blocks/builder";
import { patchEmbedding, wholeGridOf } from "#models/blocks/patches";
import { prependToken } from "#models/blocks/tokens";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const patchTokens = defineNode({
  type: "model.patch-tokens",
  title: "Patch tokens",
  description: "Patches of a picture behind a class token, without positions; some may be hidden behind a mask token.",
  synonyms: ["patch embedding", "PatchEmbed", "patchify"],
  docs: `A convolution with bias, stride as large as the patch, and a learned class token before it: what VLMo and BEiT
read, whose positions are in the bias of their attention. Where \`masked\` is 1 a learned \`mask_token\` stands in
place of the patch (Bao et al. 2021, BEiT §2.3).

- \`pixels\` float32 [B, 3, H, W], \`masked\` int64 [B, N] → \`tokens\` float32 [B, N + 1, D]`,
  version: 1,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    masked: port.tensor({ dtype: "int64", shape: ["B", "N"], optional: true, doc: "1 where a patch is hidden." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "$width"] }) },
  params: {
    scope: scopeParam("transformer"),
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
  },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const { patch, width } = params;
    wholeGridOf(inputs.pixels.shape.slice(2), [patch, patch]);
    const patches = patchEmbedding(builder, "patch_embed.proj", inputs.pixels, { patch: [patch, patch], width });
    if (!inputs.masked) return { tokens: prependToken(builder, "cls_token", patches) };
    const [batch, count] = patches.shape as [Dim, Dim];
    const isHidden = op.Equal(op.Reshape(inputs.masked, { to: [batch, count, 1] }), graph.constant([1], "int64"));
    const shown = op.Where(isHidden, builder.weight("mask_token", [1, 1, width], normal(0.02)), patches);
    return { tokens: prependToken(builder, "cls_token", shown) };
  },
});

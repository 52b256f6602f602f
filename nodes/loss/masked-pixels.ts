import * as z from "zod";
import { maskedPixelLoss, normalizedPatches } from "#models/blocks/masking";
import { pixelPatches } from "#models/blocks/patches";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const maskedPixels = defineNode({
  type: "loss.masked-pixels",
  title: "Masked pixel loss",
  description: "How far drawn patches are from those that were taken away: what a masked autoencoder is trained with.",
  synonyms: ["reconstruction loss", "MAE loss", "MSE", "mean squared error"],
  docs: `The squared error, its mean over the pixels of a patch, and of that the mean over the patches that were taken
away, of all rows together (He et al. 2022). *Normalized* pixels are those of a patch less their mean, divided by
√(variance + 1e-6), with the variance over n − 1: better features than raw ones (table 1d).

\`pixels\` float32 [B, C, H, W], \`patches\` float32 [B, N, P²·C], \`mask\` float32 [B, N] → \`loss\` float32 [],
\`target\` float32 [B, N, P²·C]`,
  version: 1,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", "C", "H", "W"] }),
    patches: port.tensor({ dtype: "float32", shape: ["B", "N", "*"], doc: "What was drawn." }),
    mask: port.tensor({ dtype: "float32", shape: ["B", "N"], doc: "1 where a patch was taken away." }),
  },
  outputs: {
    loss: port.tensor({ dtype: "float32", shape: [] }),
    target: port.tensor({ dtype: "float32", shape: ["B", "N", "*"] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    target: z.enum(["normalized", "raw"]).default("normalized").meta({ label: "Pixels" }),
  },
  build(builder) {
    const { inputs, params } = builder;
    const raw = pixelPatches(builder, inputs.pixels, [params.patch, params.patch]);
    const target = params.target === "raw" ? raw : normalizedPatches(builder, raw);
    return { loss: maskedPixelLoss(builder, inputs.patches, target, inputs.mask), target };
  },
});

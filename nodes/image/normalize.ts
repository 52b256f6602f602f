import * as z from "zod";
import { normalizations, normalizedPixels } from "#models/pictures/normalization";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const normalize = defineNode({
  type: "image.normalize",
  title: "Normalize",
  description: "Pixels to the numbers a network expects: channels first, mean and deviation removed.",
  synonyms: ["standardize", "mean and std", "ToTensor", "CHW", "permute"],
  docs: `float32 [N, 3, H, W] = (pixel / 255 − mean) / std. Presets: OpenAI CLIP's, ImageNet's, (0.5, 0.5) of ViT
and SigLIP, or none for 0…1.`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "H", "W"] }) },
  outputs: { pixels: port.tensor({ dtype: "float32", shape: ["N", 3, "H", "W"] }) },
  params: {
    preset: z.enum(["clip", "imagenet", "half", "none"]).default("clip").meta({ label: "Mean and deviation" }),
  },
  rowwise: true,
  async run({ inputs, params }) {
    if (!("pixels" in inputs.image))
      throw Object.assign(new Error("The pictures have sizes of their own, and a network needs one size."), {
        hint: "Put a Resize before Normalize.",
      });
    const [n = 0, h = 0, w = 0] = inputs.image.pixels.shape;
    const source = inputs.image.pixels.data as Uint8Array;
    const data = normalizedPixels(source, n, normalizations[params.preset]);
    return { pixels: { dtype: "float32", shape: [n, 3, h, w], data } };
  },
});

import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const resize = defineNode({
  type: "image.resize",
  title: "Resize",
  description: "Decodes and scales pictures to one size.",
  synonyms: ["rescale", "upscale", "downscale", "ImageScale", "interpolate", "thumbnail"],
  docs: `*cover* scales the shortest side and crops the centre, as CLIP does; *contain* pads; *fill* stretches.
Transparent parts get the background colour. Output: uint8 [N, height, width, 3], sRGB.`,
  version: 2, // since 2, decoders scale nothing on their own: pixels do not depend on a file's format
  inputs: { image: port.image({ shape: ["N", "*", "*"] }) },
  outputs: { image: port.image({ shape: ["N", "$height", "$width"] }) },
  params: {
    width: z.int().min(1).max(4096).default(224).meta({ unit: "px" }),
    height: z.int().min(1).max(4096).default(224).meta({ unit: "px" }),
    fit: z.enum(["cover", "contain", "fill"]).default("cover"),
    kernel: z
      .enum(["cubic", "linear", "nearest", "lanczos3"])
      .default("cubic")
      .meta({ advanced: true, description: "Interpolation. All but nearest are antialiased." }),
    background: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, "a colour is written #rrggbb")
      .default("#ffffff")
      .meta({ widget: "color" }),
  },
  rowwise: true,
  run: async ({ host, inputs, params }) => ({ image: { pixels: await host.pixels(inputs.image, params) } }),
});

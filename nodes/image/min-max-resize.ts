import * as z from "zod";
import { batchOf, type ImageProcessor, largestOf, processPicture, scaledSize } from "#models/pictures/image-processor";
import { defineNode } from "../core/node";
import { type Ports, port } from "../core/ports";

export const minMaxResize = defineNode({
  type: "image.min-max-resize",
  title: "Min-max resize",
  description: "Scales pictures in their own proportions, to whole patches, and pads them to one canvas: ViLT's way.",
  synonyms: ["shortest edge", "longest edge", "keep aspect ratio"],
  docs: `The shorter side becomes *Shorter side*, unless the longer one would then be longer than 1333/800 of it; both
are rounded, and cut down to a multiple of the patch (Kim et al. 2021, §4.2; dandelin/ViLT, vilt/transforms/utils.py).
384 and 32: 640 × 480 becomes 512 × 384, which is 16 × 12 patches; 1000 × 600 becomes 608 × 352; 500 × 500 becomes
384 × 384. Pillow's bicubic filter, then (x / 255 − 0.5) / 0.5.

Pictures lie at the top left, zeros around them, on a canvas of the size that is given, or as large as the largest of
the batch. No pixel of a picture is 0 in all channels together, so that what sums to 0 is padding. \`pixels\` float32
[N, 3, H, W]`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "*", "*"] }) },
  outputs: { pixels: port.tensor({ dtype: "float32", shape: ["N", 3, "*", "*"] }) },
  params: {
    shorter: z.int().min(1).max(4096).default(384).meta({ label: "Shorter side", unit: "px" }),
    multiple: z.int().min(1).max(256).default(32).meta({ label: "Multiple of", unit: "px" }),
    canvas: z.int().min(0).max(8192).default(0).meta({
      label: "Canvas",
      unit: "px",
      description: "Its side; 0: as high and wide as the batch needs. A training needs to know it.",
    }),
  },
  ports: ({ canvas }): { outputs: Ports; perBatch?: boolean } => {
    const side = canvas || "*";
    return {
      outputs: { pixels: port.tensor({ dtype: "float32", shape: ["N", 3, side, side] }) },
      perBatch: canvas === 0,
    };
  },
  check({ shorter, multiple, canvas }) {
    const largest = scaledSize(processorOf({ shorter, multiple }), { width: 10_000, height: 1 }).width;
    if (canvas && canvas < largest)
      return {
        param: "canvas",
        message: `Pictures may be ${largest} long, and the canvas is ${canvas}.`,
        hint: "Make the canvas larger, or the shorter side shorter.",
      };
    return undefined;
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const processor = processorOf(params);
    const sizeOf = (size: { width: number; height: number }) => scaledSize(processor, size);
    const results = await host.decode(inputs.image, { sizeOf }, (picture) => processPicture(processor, picture));
    const side = params.canvas;
    const { shape, data } = batchOf(processor, results, side ? [1, side, side] : host.commonSizes(largestOf(results)));
    return { pixels: { dtype: "float32", shape, data } };
  },
});

function processorOf({ shorter, multiple }: { shorter: number; multiple: number }): ImageProcessor {
  return {
    name: "Min-max resize",
    resize: { to: "multiple", edge: shorter, of: multiple },
    filter: "bicubic",
    scale: 1 / 255,
    offset: 0,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    pad: true,
  };
}

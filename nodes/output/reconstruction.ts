import * as z from "zod";
import { normalizations } from "#models/pictures/normalization";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { ImageFile, Tensor } from "../core/values";

export const reconstruction = defineNode({
  type: "output.reconstruction",
  title: "Reconstruction",
  description: "Shows pictures, what a masked autoencoder saw of them, and what it drew for the rest.",
  synonyms: ["inpainting", "MAE"],
  docs: `Each picture three times, side by side: as it is, without the patches that were taken away, and with those that
were drawn in their place. Drawn patches of *normalized* pixels get the mean and the deviation that the patch has in the
picture: the model was not asked for these.

\`image\` uint8 [N, H, W, 3] as the model saw it, \`patches\` float32 [N, P, p²·3], \`mask\` float32 [N, P]`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["N", "H", "W"] }),
    patches: port.tensor({ dtype: "float32", shape: ["N", "P", "*"] }),
    mask: port.tensor({ dtype: "float32", shape: ["N", "P"] }),
  },
  outputs: { gallery: port.gallery() },
  params: {
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    target: z.enum(["normalized", "raw"]).default("normalized").meta({ label: "Pixels" }),
    preset: z
      .enum(["clip", "imagenet", "half", "none"])
      .default("imagenet")
      .meta({ label: "Mean and deviation", description: "Those of the Normalize before the model." }),
    limit: z.int().min(1).max(500).default(12).meta({ label: "At most", unit: "pictures" }),
  },
  reduce: {
    rows: ["image", "patches", "mask"],
    start({ host, params }) {
      const images: ImageFile[] = [];
      return {
        async add({ image, patches, mask }) {
          const count = Math.min(params.limit - images.length, mask.shape[0] ?? 0);
          if (count <= 0) return;
          if (!("pixels" in image)) throw new Error("The pictures have sizes of their own: wire those of Resize.");
          images.push(...(await host.encodeImages(triptychs(image.pixels, patches, mask, { ...params, count }))));
        },
        finish: () => ({ gallery: { images, captions: images.map((_, i) => `picture ${i + 1}`) } }),
      };
    },
  },
});

interface Drawing {
  patch: number;
  target: "normalized" | "raw";
  preset: keyof typeof normalizations;
  count: number;
}

const missing = 128;

/** Pictures, what was seen and what was drawn, side by side: uint8 [count, H, 3·W, 3]. */
function triptychs(pixels: Tensor, patches: Tensor, mask: Tensor, drawing: Drawing): Tensor {
  const [, height = 0, width = 0] = pixels.shape;
  const { count } = drawing;
  const size = height * width * 3;
  const [perRow, numbers] = [mask.shape[1] ?? 0, patches.shape[2] ?? 0];
  const data = new Uint8ClampedArray(count * 3 * size);
  for (let row = 0; row < count; row++) {
    const picture = (pixels.data as Uint8Array).subarray(row * size, (row + 1) * size);
    const panels = data.subarray(row * 3 * size, (row + 1) * 3 * size);
    for (let y = 0; y < height; y++) {
      const line = picture.subarray(y * width * 3, (y + 1) * width * 3);
      for (const panel of [0, 1, 2]) panels.set(line, (3 * y + panel) * width * 3);
    }
    for (let number = 0; number < perRow; number++) {
      const place = row * perRow + number;
      if ((mask.data as Float32Array)[place] !== 1) continue;
      const drawn = (patches.data as Float32Array).subarray(place * numbers, (place + 1) * numbers);
      drawPatch({ picture, panels, width, number, drawn }, drawing);
    }
  }
  return { dtype: "uint8", shape: [count, height, 3 * width, 3], data: new Uint8Array(data.buffer) };
}

interface TakenPatch {
  picture: Uint8Array;
  /** The picture three times, side by side. */
  panels: Uint8ClampedArray;
  width: number;
  number: number;
  drawn: Float32Array;
}

/** A patch that was taken away: grey in the second panel, as it was drawn in the third. */
function drawPatch({ picture, panels, width, number, drawn }: TakenPatch, drawing: Drawing): void {
  const { patch } = drawing;
  const columns = Math.floor(width / patch);
  const corner = { x: (number % columns) * patch, y: Math.floor(number / columns) * patch };
  const bytes = bytesOf(drawn, pixelsOf(picture, width, corner, patch), drawing);
  for (const [i, byte] of bytes.entries()) {
    const x = corner.x * 3 + (i % (patch * 3));
    const y = corner.y + Math.floor(i / (patch * 3));
    panels[(3 * y + 1) * width * 3 + x] = missing;
    panels[(3 * y + 2) * width * 3 + x] = byte;
  }
}

function pixelsOf(picture: Uint8Array, width: number, corner: { x: number; y: number }, patch: number): number[] {
  return Array.from({ length: patch * patch * 3 }, (_, i) => {
    const y = corner.y + Math.floor(i / (patch * 3));
    return picture[(y * width + corner.x) * 3 + (i % (patch * 3))] as number;
  });
}

/** What was drawn as bytes; of normalized pixels with the mean and the deviation of the patch that is there. */
function bytesOf(drawn: Float32Array, own: readonly number[], { target, preset }: Drawing): number[] {
  const { mean, std } = normalizations[preset];
  const numbers = own.map((byte, i) => (byte / 255 - (mean[i % 3] as number)) / (std[i % 3] as number));
  const middle = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - middle) ** 2, 0) / Math.max(1, numbers.length - 1);
  const [shift, scale] = target === "normalized" ? [middle, Math.sqrt(squares + 1e-6)] : [0, 1];
  return Array.from(drawn, (x, i) => 255 * ((x * scale + shift) * (std[i % 3] as number) + (mean[i % 3] as number)));
}

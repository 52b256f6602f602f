import * as z from "zod";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { ImageBatch, ImageFile } from "../core/values";

export const imageGrid = defineNode({
  type: "output.image-grid",
  title: "Image grid",
  description: "Shows pictures with captions.",
  synonyms: ["PreviewImage", "gallery", "display", "contact sheet"],
  version: 1,
  inputs: { image: port.image({ shape: ["N", "*", "*"] }), caption: port.text({ shape: ["N"], optional: true }) },
  outputs: { gallery: port.gallery() },
  params: { limit: z.int().min(1).max(2000).default(60).meta({ label: "At most", unit: "pictures" }) },
  reduce: {
    rows: ["image", "caption"],
    start({ host, params }) {
      const images: ImageFile[] = [];
      const captions: string[] = [];
      return {
        async add({ image, caption }) {
          const files = await firstFiles(host, image, params.limit - images.length);
          images.push(...files);
          captions.push(...files.map((file, i) => caption?.[i] ?? file.name ?? ""));
        },
        finish: () => ({ gallery: { images, captions } }),
      };
    },
  },
});

/** The first pictures as files. */
async function firstFiles(host: Host, image: ImageBatch, count: number): Promise<ImageFile[]> {
  if (count <= 0) return [];
  if ("files" in image) return image.files.slice(0, count);
  const { pixels } = image;
  return host.encodeImages({ ...pixels, shape: [Math.min(count, pixels.shape[0] ?? 0), ...pixels.shape.slice(1)] });
}

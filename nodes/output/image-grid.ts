import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const imageGrid = defineNode({
  type: "output.image-grid",
  title: "Image grid",
  description: "Shows pictures with captions.",
  version: 1,
  inputs: { image: port.image({ shape: ["N", "*", "*"] }), caption: port.text({ shape: ["N"], optional: true }) },
  outputs: { gallery: port.gallery() },
  params: { limit: z.int().min(1).max(2000).default(60).meta({ label: "At most", unit: "pictures" }) },
  async run({ host, inputs: { image, caption }, params }) {
    const files =
      "files" in image
        ? image.files.slice(0, params.limit)
        : await host.encodeImages({
            ...image.pixels,
            shape: [Math.min(params.limit, image.pixels.shape[0] ?? 0), ...image.pixels.shape.slice(1)],
          });
    return { gallery: { images: files, captions: files.map((f, i) => caption?.[i] ?? f.name ?? "") } };
  },
});

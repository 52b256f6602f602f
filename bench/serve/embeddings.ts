/** The graph that `bench:serve` calls, and the pictures that it is called with. */
import sharp from "sharp";
import { random } from "#models/random";
import { graph } from "#tests/kit/graphs";

/** The picture half of the shipped CLIP, as in the template *Image embeddings*. */
export const embeddings = graph(
  {
    load: ["image.load", {}],
    resize: ["image.resize", { width: 48, height: 48, fit: "contain" }],
    normalize: ["image.normalize", {}],
    checkpoint: ["weights.load", { shipped: "clip-emoji" }],
    vision: ["model.vision-transformer", { scope: "vision", patch: 8, width: 192, layers: 5, heads: 3 }],
    projector: ["model.projector", { scope: "image_projection", width: 128 }],
    norm: ["model.l2-normalize", {}],
  },
  [
    "load.image -> resize.image",
    "resize.image -> normalize.image",
    "normalize.pixels -> vision.pixels",
    "checkpoint.weights -> vision.weights",
    "checkpoint.weights -> projector.weights",
    "vision.features -> projector.features",
    "projector.embedding -> norm.embedding",
  ],
);

/** Sixty-four pictures of 160 × 160, as PNG. */
export async function pictures(): Promise<Buffer[]> {
  const draw = random("serve");
  const colour = () => `hsl(${Math.round(draw.uniform() * 360)} 70% 60%)`;
  const place = () => Math.round(draw.uniform() * 160);
  const drawings = Array.from({ length: 64 }, () => {
    const shapes = Array.from(
      { length: 12 },
      () => `<circle cx="${place()}" cy="${place()}" r="${8 + place() / 4}" fill="${colour()}"/>`,
    );
    return `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="160">${shapes.join("")}</svg>`;
  });
  return Promise.all(drawings.map((svg) => sharp(Buffer.from(svg)).flatten({ background: "#fff" }).png().toBuffer()));
}

import * as z from "zod";
import type { Random } from "#models/random";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const augment = defineNode({
  type: "image.augment",
  title: "Augment",
  description:
    "Random shift, scale, rotation, flip and colour for every picture of a batch, drawn anew in each training step.",
  synonyms: ["data augmentation", "transforms", "RandomResizedCrop", "ColorJitter", "color"],
  docs: `Samples each output pixel from the input by a random similarity transform (bilinear; the background fills
what falls outside), then changes brightness, contrast and saturation, and blends towards grey. Draws come from the
run's seed, the step and the row. uint8 [N, H, W, 3] → the same.`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "H", "W"] }) },
  outputs: { image: port.image({ shape: ["N", "H", "W"] }) },
  params: {
    shift: z.number().min(0).max(0.5).default(0.08).meta({ description: "Largest shift, as a share of the side." }),
    scale: z.number().min(0).max(0.8).default(0.2).meta({ description: "Sizes between 1 − scale and 1 + scale." }),
    rotate: z.number().min(0).max(180).default(12).meta({ unit: "°" }),
    flip: z.number().min(0).max(1).default(0).meta({ description: "Chance of a mirror image." }),
    colour: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .meta({ description: "Strength of brightness, contrast and saturation changes." }),
    grey: z.number().min(0).max(1).default(0).meta({ description: "Chance of a grey picture." }),
    background: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, "a colour is written #rrggbb")
      .default("#ffffff")
      .meta({ widget: "color", advanced: true }),
  },
  rowwise: true,
  random: true,
  async run({ host, inputs, params }) {
    if (!("pixels" in inputs.image))
      throw Object.assign(new Error("The pictures have sizes of their own."), { hint: "Put a Resize before Augment." });
    const { shape, data: bytes } = inputs.image.pixels;
    const [count = 0, height = 0, width = 0] = shape;
    const source = bytes as Uint8Array;
    const data = new Uint8ClampedArray(source.length);
    const background = [1, 3, 5].map((i) => Number.parseInt(params.background.slice(i, i + 2), 16));
    const draw = host.random("augment");
    const size = height * width * 3;
    for (let row = 0; row < count; row++) {
      const picture: Picture = {
        pixels: source.subarray(row * size, (row + 1) * size),
        width,
        height,
        background,
      };
      augmented(picture, drawChange(draw, params, picture), data.subarray(row * size, (row + 1) * size));
    }
    return { image: { pixels: { dtype: "uint8", shape, data: new Uint8Array(data.buffer) } } };
  },
});

interface Picture {
  pixels: Uint8Array;
  width: number;
  height: number;
  /** What lies outside of it: red, green, blue. */
  background: readonly number[];
}

/** What is drawn for one picture. */
interface Change {
  /** From a place in the output, counted from the centre, to one in the input: the inverse of scale and rotation. */
  cos: number;
  sin: number;
  /** −1: mirrored. */
  mirror: number;
  dx: number;
  dy: number;
  contrast: number;
  brightness: number;
  saturation: number;
}

type Strengths = Record<"shift" | "scale" | "rotate" | "flip" | "colour" | "grey", number>;

function drawChange(draw: Random, strengths: Strengths, { width, height }: Picture): Change {
  const within = (bound: number) => (draw.uniform() * 2 - 1) * bound;
  const angle = (within(strengths.rotate) * Math.PI) / 180;
  const size = 1 / (1 + within(strengths.scale));
  const mirror = draw.uniform() < strengths.flip ? -1 : 1;
  const dx = within(strengths.shift) * width;
  const dy = within(strengths.shift) * height;
  const contrast = 1 + within(strengths.colour);
  const brightness = within(strengths.colour) * 128;
  const saturation = draw.uniform() < strengths.grey ? 0 : 1 + within(strengths.colour * 2);
  const cos = Math.cos(angle) * size;
  const sin = Math.sin(angle) * size;
  return { cos, sin, mirror, dx, dy, contrast, brightness, saturation };
}

function augmented(picture: Picture, change: Change, data: Uint8ClampedArray): void {
  const { width, height } = picture;
  const { cos, sin, mirror, dx, dy, contrast, brightness, saturation } = change;
  const cx = (width - 1) / 2;
  const cy = (height - 1) / 2;
  const rgb = new Float64Array(3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = (x - cx - dx) * mirror;
      const v = y - cy - dy;
      sample(picture, cos * u - sin * v + cx, sin * u + cos * v + cy, rgb);
      const grey = 0.299 * (rgb[0] as number) + 0.587 * (rgb[1] as number) + 0.114 * (rgb[2] as number);
      const place = (y * width + x) * 3;
      // Uint8ClampedArray rounds and clamps.
      for (let k = 0; k < 3; k++)
        data[place + k] = (grey + ((rgb[k] as number) - grey) * saturation - 128) * contrast + 128 + brightness;
    }
  }
}

/** The colour at a place between pixels, from its four neighbours; one that lies outside shows the background. */
function sample({ pixels, width, height, background }: Picture, x: number, y: number, rgb: Float64Array): void {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const left = x0 >= 0 && x0 < width;
  const right = x0 >= -1 && x0 + 1 < width;
  const top = y0 >= 0 && y0 < height;
  const bottom = y0 >= -1 && y0 + 1 < height;
  const a = left && top ? (1 - fx) * (1 - fy) : 0;
  const b = right && top ? fx * (1 - fy) : 0;
  const c = left && bottom ? (1 - fx) * fy : 0;
  const d = right && bottom ? fx * fy : 0;
  const rest = 1 - a - b - c - d;
  const corner = (y0 * width + x0) * 3;
  for (let k = 0; k < 3; k++) {
    let value = rest * (background[k] as number);
    if (a > 0) value += a * (pixels[corner + k] as number);
    if (b > 0) value += b * (pixels[corner + 3 + k] as number);
    if (c > 0) value += c * (pixels[corner + width * 3 + k] as number);
    if (d > 0) value += d * (pixels[corner + width * 3 + 3 + k] as number);
    rgb[k] = value;
  }
}

import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const augment = defineNode({
  type: "image.augment",
  title: "Augment",
  description:
    "Random shift, scale, rotation, flip and colour for every picture of a batch, drawn anew in each training step.",
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
    const [n = 0, h = 0, w = 0] = shape;
    const source = bytes as Uint8Array;
    const data = new Uint8ClampedArray(source.length);
    const rgb = new Float64Array(3);
    const fill = [1, 3, 5].map((i) => Number.parseInt(params.background.slice(i, i + 2), 16));
    const draw = host.random("augment");
    const within = (r: number) => (draw.uniform() * 2 - 1) * r;
    for (let i = 0; i < n; i++) {
      // Output pixel → input pixel: the inverse of scale, rotation and shift.
      const angle = (within(params.rotate) * Math.PI) / 180;
      const size = 1 / (1 + within(params.scale));
      const mirror = draw.uniform() < params.flip ? -1 : 1;
      const cos = Math.cos(angle) * size;
      const sin = Math.sin(angle) * size;
      const dx = within(params.shift) * w;
      const dy = within(params.shift) * h;
      const cx = (w - 1) / 2;
      const cy = (h - 1) / 2;
      const contrast = 1 + within(params.colour);
      const brightness = within(params.colour) * 128;
      const saturation = draw.uniform() < params.grey ? 0 : 1 + within(params.colour * 2);
      const base = i * h * w * 3;
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const u = (x - cx - dx) * mirror;
          const v = y - cy - dy;
          const sx = cos * u - sin * v + cx;
          const sy = sin * u + cos * v + cy;
          const x0 = Math.floor(sx);
          const y0 = Math.floor(sy);
          const fx = sx - x0;
          const fy = sy - y0;
          const to = base + (y * w + x) * 3;
          const from = base + (y0 * w + x0) * 3;
          // The four neighbours' weights; one that lies outside shows the background.
          const left = x0 >= 0 && x0 < w;
          const right = x0 >= -1 && x0 + 1 < w;
          const top = y0 >= 0 && y0 < h;
          const bottom = y0 >= -1 && y0 + 1 < h;
          const a = left && top ? (1 - fx) * (1 - fy) : 0;
          const b = right && top ? fx * (1 - fy) : 0;
          const c = left && bottom ? (1 - fx) * fy : 0;
          const d = right && bottom ? fx * fy : 0;
          const rest = 1 - a - b - c - d;
          for (let k = 0; k < 3; k++) {
            let value = rest * (fill[k] as number);
            if (a > 0) value += a * (source[from + k] as number);
            if (b > 0) value += b * (source[from + 3 + k] as number);
            if (c > 0) value += c * (source[from + w * 3 + k] as number);
            if (d > 0) value += d * (source[from + w * 3 + 3 + k] as number);
            rgb[k] = value;
          }
          const grey = 0.299 * (rgb[0] as number) + 0.587 * (rgb[1] as number) + 0.114 * (rgb[2] as number);
          // Uint8ClampedArray rounds and clamps.
          for (let k = 0; k < 3; k++)
            data[to + k] = (grey + ((rgb[k] as number) - grey) * saturation - 128) * contrast + 128 + brightness;
        }
      }
    }
    return { image: { pixels: { dtype: "uint8", shape, data: new Uint8Array(data.buffer) } } };
  },
});

import sharp, { type Metadata } from "sharp";

/** Sample types that have no white of their own, unlike 8 and 16 bits without sign. */
const withoutWhite = new Set(["char", "short", "int", "uint", "float", "double", "complex", "dpcomplex"]);

/** Spaces that say what their numbers mean. */
const measured = new Set(["lab", "labs", "labq", "xyz", "lch", "yxy", "cmyk"]);

/** Whether a picture's numbers must be stretched to be seen: floats and integers of 32 bits or with sign, from TIFF. */
export const isStretched = ({ format, depth, space }: Metadata): boolean =>
  format === "tiff" && withoutWhite.has(depth ?? "") && !measured.has(space ?? "");

/**
 * A TIFF of floats or of wide or signed integers as PNG. Floats that all lie in 0…1 are taken as black to white; any
 * other numbers from the smallest of the picture as black to its largest as white, all colours alike. What is no
 * number is black.
 */
export async function stretched(bytes: Uint8Array, found: Metadata): Promise<Uint8Array> {
  // Kept in the space it is in: floats would else be taken as linear light, and short integers as half of 16 bits.
  const { data, info } = await sharp(bytes, { limitInputPixels: false, failOn: "error", pages: 1 })
    .autoOrient()
    .pipelineColourspace(found.space)
    .toColourspace(found.space)
    .raw({ depth: "float" })
    .toBuffer({ resolveWithObject: true });
  const numbers = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  const { channels, width, height } = info;
  const alpha = channels === 2 || channels === 4 ? channels - 1 : channels;
  const isFloat = found.depth === "float" || found.depth === "double";
  const colour = rangeOf(numbers, channels, 0, alpha, isFloat);
  const opacity = rangeOf(numbers, channels, alpha, channels, isFloat);
  const pixels = Uint8ClampedArray.from(numbers, (value, i) => {
    const { low, high } = i % channels < alpha ? colour : opacity;
    return high > low ? ((value - low) / (high - low)) * 255 : 0;
  });
  return sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
}

/** The numbers that mean black and white in some channels. */
function rangeOf(numbers: Float32Array, channels: number, first: number, end: number, isFloat: boolean) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const [i, value] of numbers.entries()) {
    const channel = i % channels;
    if (channel < first || channel >= end || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return isFloat && low >= 0 && high <= 1 ? { low: 0, high: 1 } : { low, high };
}

import sharp, { type Metadata } from "sharp";
import type { PixelRequest } from "#nodes/core/host";
import { Failure } from "../../errors";

/** What a stranger's picture may cost. */
export const pictureLimits = {
  bytes: 32 * 2 ** 20,
  svgBytes: 2 * 2 ** 20,
  side: 16_384,
  pixels: 64_000_000,
  seconds: 20,
};

// Pictures are decoded side by side, one thread each: that beats one picture on many threads.
sharp.concurrency(1);
sharp.cache(false);

const refuse = (name: string, reason: string, hint: string): never => {
  throw new Failure({ message: `The picture ${name} is refused: ${reason}.`, hint });
};

/** Whether the first byte that is no white space or byte-order mark opens a tag. */
const looksLikeXml = (bytes: Uint8Array): boolean =>
  bytes[bytes.findIndex((b) => ![0x09, 0x0a, 0x0c, 0x0d, 0x20, 0xef, 0xbb, 0xbf].includes(b))] === 0x3c;

/** Attributes and rules through which an SVG could name something outside of itself. */
const outward =
  /(?:\bhref\s*=\s*|\bsrc\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s>]*))|url\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*))\s*\)/gi;
const inward = /^\s*(?:#|data:image\/(?:png|jpe?g|gif|webp);base64,)/i;
const forbidden: [RegExp, string][] = [
  [/<!ENTITY|<!DOCTYPE[^>]*\[/i, "it declares entities"],
  [/<(?:[\w.-]+:)?script\b/i, "it holds a script"],
  [/<(?:[\w.-]+:)?foreignObject\b/i, "it embeds foreign content"],
  [/@import\b/i, "it imports a style sheet"],
  [/<\?xml-stylesheet/i, "it refers to a style sheet"],
  [/<xi:include|http:\/\/www\.w3\.org\/2001\/XInclude/i, "it includes another document"],
];

/**
 * An SVG draws, and does nothing else: no reference leaves it. The renderer would not follow one; here the person
 * learns of it.
 */
export function checkSvg(bytes: Uint8Array, name: string): void {
  const clean = "Remove it, or save the drawing as PNG.";
  if (bytes.byteLength > pictureLimits.svgBytes)
    refuse(
      name,
      `it has ${Math.ceil(bytes.byteLength / 2 ** 20)} MiB, and an SVG may have ${pictureLimits.svgBytes / 2 ** 20}`,
      "Simplify the drawing, or save it as PNG.",
    );
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    refuse(name, "it is no UTF-8 text", "Save the SVG as UTF-8.");
  }
  if (text.includes("\0")) refuse(name, "it is no UTF-8 text", "Save the SVG as UTF-8.");
  for (const [pattern, reason] of forbidden) if (pattern.test(text)) refuse(name, reason, clean);
  for (const match of text.matchAll(outward)) {
    const target = match.slice(1).find((m) => m !== undefined) ?? "";
    if (!inward.test(target))
      refuse(name, `it refers to “${target.trim().slice(0, 80)}”, which lies outside of it`, clean);
  }
}

/** Reads the header, not the pixels, and refuses what is no picture or too large. */
export async function inspect(bytes: Uint8Array, name = "without a name"): Promise<{ width: number; height: number }> {
  if (bytes.byteLength > pictureLimits.bytes)
    refuse(
      name,
      `it has ${Math.ceil(bytes.byteLength / 2 ** 20)} MiB, and ${pictureLimits.bytes / 2 ** 20} is the limit`,
      "Save it smaller.",
    );
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    refuse(name, "it is compressed (.svgz)", "Save it as plain SVG, or as PNG.");
  const xml = looksLikeXml(bytes);
  if (xml) checkSvg(bytes, name);
  let found: Metadata;
  try {
    found = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new Failure(
      {
        message: `The picture ${name} cannot be read.`,
        hint: "PNG, JPEG, WebP, GIF, AVIF, TIFF and SVG are read. The file may be damaged: open it elsewhere and save it again.",
      },
      { cause },
    );
  }
  if (found.format === "svg" && !xml) refuse(name, "it is no UTF-8 text", "Save the SVG as UTF-8.");
  // A picture taken sideways says so; what counts is how it is seen.
  const [width, height] = (found.orientation ?? 1) >= 5 ? [found.height, found.width] : [found.width, found.height];
  if (!width || !height) return refuse(name, "it has no size", "Give the SVG a viewBox or a width and height.");
  if (Math.max(width, height) > pictureLimits.side || width * height > pictureLimits.pixels) {
    refuse(
      name,
      `it has ${width} × ${height} pixels; at most ${pictureLimits.side} on a side and ${pictureLimits.pixels / 1e6} million in all are read`,
      "Scale it down first.",
    );
  }
  return { width, height };
}

const fits = { cover: "cover", contain: "contain", fill: "fill" } as const;

/** A checked picture to uint8 [H, W, 3], sRGB, transparency laid on the background. */
export async function render(
  bytes: Uint8Array,
  { width, height, fit, kernel = "cubic", background = "#ffffff" }: PixelRequest,
  known: { width: number; height: number },
): Promise<Uint8Array> {
  const svg = looksLikeXml(bytes);
  // A drawing is rendered at twice the size that is needed and scaled down; 72 dpi is its natural size, and no side
  // may pass the limit.
  const [short, long] = [Math.min(known.width, known.height), Math.max(known.width, known.height)];
  const density = svg
    ? Math.max(1, Math.min(2400, (72 * 2 * Math.max(width, height)) / short, (72 * pictureLimits.side) / long))
    : undefined;
  const image = sharp(bytes, { limitInputPixels: pictureLimits.pixels, density, failOn: "error", pages: 1 })
    .rotate()
    .toColourspace("srgb")
    .resize(width, height, { fit: fits[fit], kernel, background })
    .flatten({ background })
    .removeAlpha()
    .timeout({ seconds: pictureLimits.seconds });
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  if (info.channels === 3) return data;
  const rgb = new Uint8Array(width * height * 3); // a grey picture came back with one channel
  for (let i = 0; i < width * height; i++) rgb.fill(data[i * info.channels] as number, i * 3, i * 3 + 3);
  return rgb;
}

/** uint8 [H, W, 3] to a PNG. */
export const encode = (pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> =>
  sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();

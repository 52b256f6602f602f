import sharp, { type Sharp, type SharpOptions } from "sharp";
import type { DecodeRequest, PixelRequest } from "#nodes/core/host";
import type { Picture } from "#models/pictures/pillow";
import { looksLikeXml } from "../../files/picture-kinds";
import { openPicture } from "./bitmap";
import { pictureLimits } from "./picture-limits";

/** Raised when pixels become others than they were: kept ones are then made anew. */
export const renderVersion = 2;

type Size = { width: number; height: number };

/** A checked picture, whose size is known, to uint8 [H, W, 3], sRGB, transparency laid on the background. */
export async function render(bytes: Uint8Array, request: PixelRequest, known: Size): Promise<Uint8Array> {
  const { width, height, fit, kernel = "cubic", background = "#ffffff" } = request;
  const opened = looksLikeXml(bytes) ? openDrawing(bytes, request, known) : openPhoto(bytes, known);
  const { data, info } = await opened
    .toColourspace("srgb")
    .resize(width, height, { fit, kernel, background })
    .flatten({ background })
    .removeAlpha()
    .timeout({ seconds: pictureLimits.seconds })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return info.channels === 3 ? data : repeated(data, info.channels);
}

/** A checked picture at a size of its own, as the request has it. Colour profiles are left aside, as PIL does. */
export async function decode(bytes: Uint8Array, request: DecodeRequest, known: Size): Promise<Picture> {
  const { width, height } = request.sizeOf(known);
  const isDrawing = looksLikeXml(bytes);
  let picture = isDrawing ? openDrawing(bytes, { width, height }, known) : openPhoto(bytes, known, { ignoreIcc: true });
  picture = picture.toColourspace("srgb");
  if (request.kernel) picture = picture.resize(width, height, { fit: "fill", kernel: request.kernel });
  if (request.background) picture = picture.flatten({ background: request.background });
  const { data, info } = await picture
    .removeAlpha()
    .timeout({ seconds: pictureLimits.seconds })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const rgb = info.channels === 3 ? data : repeated(data, info.channels);
  return { width: info.width, height: info.height, data: rgb };
}

/** uint8 [H, W, 3] to a PNG. */
export const encode = (pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> =>
  sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();

/** The longest side of a picture that is only looked at. */
const shownSide = 512;

/** A small copy of a checked picture, to be looked at. */
export async function thumbnail(bytes: Uint8Array, known: Size): Promise<{ bytes: Uint8Array; size: Size }> {
  const scale = Math.min(1, shownSide / Math.max(known.width, known.height));
  const width = Math.max(1, Math.round(known.width * scale));
  const height = Math.max(1, Math.round(known.height * scale));
  const pixels = await render(bytes, { width, height, fit: "fill" }, known);
  return { bytes: await encode(pixels, width, height), size: { width, height } };
}

const options = { limitInputPixels: pictureLimits.pixels, failOn: "error", pages: 1 } as const;

/**
 * Turned as it is seen, and whole: the extract keeps decoders from scaling on their own (JPEG and WebP can), which
 * would take the place of the filter that was asked for and make pixels depend on the format of the file.
 */
const openPhoto = (bytes: Uint8Array, { width, height }: Size, how: SharpOptions = {}): Sharp =>
  openPicture(bytes, { ...options, ...how })
    .autoOrient()
    .extract({ left: 0, top: 0, width, height });

/**
 * A drawing is rendered at twice the size that is needed and scaled down; 72 dpi is its natural size, and no side may
 * pass the limit.
 */
function openDrawing(bytes: Uint8Array, { width, height }: Size, known: Size): Sharp {
  const short = Math.min(known.width, known.height);
  const long = Math.max(known.width, known.height);
  const wanted = Math.min(2400, (72 * 2 * Math.max(width, height)) / short, (72 * pictureLimits.side) / long);
  return sharp(bytes, { ...options, density: Math.max(1, wanted) }).rotate();
}

/** One channel to three: a grey picture came back with one. */
function repeated(data: Uint8Array, channels: number): Uint8Array {
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) rgb.fill(data[i * channels] as number, i * 3, i * 3 + 3);
  return rgb;
}

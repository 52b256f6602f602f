import sharp, { type Metadata } from "sharp";
import { readPictures } from "#nodes/core/pictures";
import { Failure } from "../../errors";
import { headBytes, looksLikeBitmap, looksLikeXml, unreadKindOf } from "../../files/picture-kinds";
import { openPicture, sizeOfBitmap } from "./bitmap";
import { pictureLimits, refusePicture } from "./picture-limits";
import { isStretched, stretched } from "./stretch";
import { checkSvg } from "./svg";

// Pictures are decoded side by side, one thread each: that beats one picture on many threads.
sharp.concurrency(1);
sharp.cache(false);

/** A picture that was looked at: its bytes as they are kept, and its size as it is seen. */
export interface Inspected {
  bytes: Uint8Array;
  width: number;
  height: number;
  /** It was a JPEG without the marker at its end, which the bytes have now. */
  endAdded: boolean;
}

/** Reads the header, and the pixels only of kinds that are kept as another; refuses what is no picture or too large. */
export async function inspect(original: Uint8Array, name = "without a name"): Promise<Inspected> {
  if (original.byteLength > pictureLimits.bytes)
    refusePicture(
      name,
      `it has ${Math.ceil(original.byteLength / 2 ** 20)} MiB, and ${pictureLimits.bytes / 2 ** 20} is the limit`,
      "Save it smaller.",
    );
  if (original[0] === 0x1f && original[1] === 0x8b)
    refusePicture(name, "it is compressed (.svgz)", "Save it as plain SVG, or as PNG.");
  const unread = unreadKindOf(original.subarray(0, headBytes));
  if (unread) refusePicture(name, `it is ${unread}, which is not read`, "Save it as PNG or JPEG.");
  if (looksLikeBitmap(original))
    return { bytes: original, ...checkedSize(bitmapSize(original, name), name), endAdded: false };
  const isXml = looksLikeXml(original);
  if (isXml) checkSvg(original, name);
  const found = await headerOf(original, name);
  if (found.format === "svg" && !isXml) refusePicture(name, "it is no UTF-8 text", "Save the SVG as UTF-8.");
  const size = checkedSize(found, name);
  if (isStretched(found) && found.depth === "short" && found.space === "grey16")
    refusePicture(name, "it holds integers of 16 bits with sign", "Save it without sign, or as floats.");
  if (isStretched(found)) return { bytes: await stretched(original, found), ...size, endAdded: false };
  const closed = found.format === "jpeg" ? await withEnd(original) : original;
  return { bytes: closed, ...size, endAdded: closed !== original };
}

/**
 * Decodes all of a picture, and throws where something is missing or wrong in it. Lines come in order, so that it is
 * enough to ask for the last one; the parts of a TIFF may lie in any order.
 */
export async function decodeWhole(bytes: Uint8Array, failOn: "error" | "warning" = "error"): Promise<void> {
  const picture = openPicture(bytes, { limitInputPixels: pictureLimits.pixels, failOn, pages: 1 });
  const { format, width, height } = await picture.metadata();
  const asked = format === "tiff" ? picture : picture.extract({ left: 0, top: height - 1, width, height: 1 });
  await asked.timeout({ seconds: pictureLimits.seconds }).raw().toBuffer();
}

/** A picture whose pixels are missing or wrong, though its header is fine. */
export const damagedPicture = (name: string, cause: unknown): Failure =>
  new Failure(
    {
      message: `The picture ${name} cannot be decoded.`,
      hint: "The file is damaged or cut off: open it elsewhere and save it again, or remove it from the batch.",
    },
    { cause },
  );

async function headerOf(bytes: Uint8Array, name: string): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new Failure(
      {
        message: `The picture ${name} cannot be read.`,
        hint: `${readPictures} The file may be damaged: open it elsewhere and save it again.`,
      },
      { cause },
    );
  }
}

function bitmapSize(bytes: Uint8Array, name: string): { width: number; height: number } {
  try {
    return sizeOfBitmap(bytes);
  } catch (cause) {
    return refusePicture(name, (cause as Error).message, "Save it as PNG or JPEG.");
  }
}

/** A picture taken sideways says so; what counts is how it is seen. */
function checkedSize(
  found: Pick<Metadata, "width" | "height" | "orientation">,
  name: string,
): { width: number; height: number } {
  const [width, height] = (found.orientation ?? 1) >= 5 ? [found.height, found.width] : [found.width, found.height];
  if (!width || !height) return refusePicture(name, "it has no size", "Give the SVG a viewBox or a width and height.");
  const { side, pixels } = pictureLimits;
  if (Math.max(width, height) > side || width * height > pixels) {
    const limit = `at most ${side} on a side and ${pixels / 1e6} million in all are read`;
    refusePicture(name, `it has ${width} × ${height} pixels; ${limit}`, "Scale it down first.");
  }
  return { width, height };
}

/**
 * A JPEG that lacks nothing but the marker at its end gets it. Where the decoder then finds more amiss, the picture is
 * cut off, and stays as it is.
 */
async function withEnd(bytes: Uint8Array): Promise<Uint8Array> {
  const isClosed = bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;
  if (isClosed || (await decodes(bytes, "error"))) return bytes; // many a tool adds something after the end
  const data = bytes.at(-1) === 0xff ? bytes.subarray(0, -1) : bytes;
  const closed = Uint8Array.from([...data, 0xff, 0xd9]);
  return (await decodes(closed, "warning")) ? closed : bytes;
}

const decodes = (bytes: Uint8Array, failOn: "error" | "warning"): Promise<boolean> =>
  decodeWhole(bytes, failOn).then(
    () => true,
    () => false,
  );

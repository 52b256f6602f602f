import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { PixelRequest } from "#nodes/core/host";
import type { ImageFile, PlacedImage, Tensor } from "#nodes/core/values";
import { pictureName } from "#nodes/core/pictures";
import { namesOf } from "#nodes/core/wording";
import { Failure } from "../../errors";
import { looksLikeXml } from "../../files/picture-kinds";
import { SourceLost } from "../../files/source-files";
import { sha256 } from "../../storage/blobs";
import { writeWhole } from "../cache";
import { damagedPicture, inspect } from "./pictures";
import { render, renderVersion } from "./render";
import { settleAsTheyLie } from "./reading-order";
import { failuresOf, type SideBySide } from "./side-by-side";

export interface Decoding {
  bytesOf(image: ImageFile): Promise<Uint8Array>;
  cacheDir: string;
  each: SideBySide;
  /** Pixels go with who asked for them: nothing is looked for in the cache folder, or kept there. */
  forgets?: boolean;
}

/** Decodes and scales pictures of any sizes to one: uint8 [N, H, W, 3]. All that cannot be are named at once. */
export async function pixelsOf(
  files: readonly ImageFile[],
  request: PixelRequest,
  decoding: Decoding,
): Promise<Tensor> {
  const { width, height } = request;
  const size = width * height * 3;
  const data = new Uint8Array(bytesFor(files.length, size, request));
  const results = await settleAsTheyLie(decoding.each, files, async (file, i) => {
    data.set(await keptPixels(file, request, decoding), i * size);
  });
  const failures = failuresOf(results);
  if (failures.length) throw failureOfAll(failures, files);
  return { dtype: "uint8", shape: [files.length, height, width, 3], data };
}

function bytesFor(count: number, size: number, { width, height }: PixelRequest): number {
  const needed = count * size;
  const [asked, there] = [needed, totalmem()].map((bytes) => (bytes / 2 ** 30).toFixed(1));
  if (needed > totalmem())
    throw new Failure({
      message: `${count} pictures of ${width} × ${height} need ${asked} GiB, and this machine has ${there}.`,
      hint: "Choose a smaller size, or fewer pictures.",
    });
  return needed;
}

/** Pixels by content, or by the address, and request: made, or read from the cache folder. */
async function keptPixels(file: ImageFile, request: PixelRequest, decoding: Decoding): Promise<Uint8Array> {
  if (decoding.forgets) return (await freshPixels(file, request, decoding)).data;
  const name = sha256(JSON.stringify([renderVersion, "ref" in file ? file.ref : addressOf(file), request]));
  const path = join(decoding.cacheDir, "pixels", name.slice(0, 2), name);
  const known = await readFile(path).catch(() => undefined);
  if (known?.byteLength === request.width * request.height * 3) return known;
  const { data, isDear } = await freshPixels(file, request, decoding);
  if (isDear) await writeWhole(path, data);
  return data;
}

/**
 * Pixels are kept where making them takes longer than reading and writing a file of so many bytes: drawings and large
 * photographs are, a small photograph is not. Its time is told by its size, since what a clock says of pictures that
 * are made side by side follows from what else the machine does.
 */
const decodedPerMs = 100_000;
const filing = { ms: 1, bytesPerMs: 25_000 };

function isDearer({ width, height }: { width: number; height: number }, data: Uint8Array): boolean {
  return (width * height) / decodedPerMs > filing.ms + data.byteLength / filing.bytesPerMs;
}

async function freshPixels(image: ImageFile, request: PixelRequest, { bytesOf }: Decoding) {
  const { bytes, size } = await decodable(image, bytesOf);
  try {
    const data = await render(bytes, request, size);
    return { data, isDear: looksLikeXml(bytes) || isDearer(size, data) };
  } catch (cause) {
    if (cause instanceof Failure || (cause as NodeJS.ErrnoException).code) throw cause;
    throw damagedPicture(pictureName(image), cause);
  }
}

/** What is stored was looked at when it came in; what lies elsewhere is looked at now. */
export async function decodable(
  image: ImageFile,
  bytesOf: Decoding["bytesOf"],
): Promise<{ bytes: Uint8Array; size: { width: number; height: number } }> {
  const bytes = await bytesOf(image);
  if ("ref" in image) return { bytes, size: image };
  const looked = await inspect(bytes, pictureName(image));
  return { bytes: looked.bytes, size: looked };
}

function addressOf({ file, start, length, column, row, item = 0 }: PlacedImage) {
  const part = column === undefined ? [start, length] : [column, row, ...(item ? [item] : [])];
  return [file.path, file.size, file.mtimeMs, ...part];
}

export function failureOfAll(
  failures: readonly { i: number; reason: unknown }[],
  files: readonly ImageFile[],
): unknown {
  const [first] = failures;
  const foreign = failures.find(({ reason }) => !(reason instanceof Failure) || reason instanceof SourceLost);
  if (foreign || failures.length === 1) return (foreign ?? first)?.reason;
  const names = failures.map(({ i }) => pictureName(files[i] as ImageFile));
  return new Failure({
    message: `${failures.length} of ${files.length} pictures cannot be decoded: ${namesOf(names)}.`,
    hint: `The files are damaged or cut off: save them again, remove them, or set “Damaged pictures” of the node that \
loads them to leave them out.`,
  });
}

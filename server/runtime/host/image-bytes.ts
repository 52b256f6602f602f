/** The bytes of pictures, wherever they lie, and copies of them to look at. */
import type { ImageFile, PlacedImage, StoredImage } from "#nodes/core/values";
import { pictureName } from "#nodes/core/pictures";
import { Failure } from "../../errors";
import type { Folders } from "../../files/folders";
import type { Blobs } from "../../storage/blobs";
import { pictureLimits, refusePicture } from "./picture-limits";
import { decodable } from "./pixels";
import { thumbnail } from "./render";

export type BytesOf = (image: ImageFile) => Promise<Uint8Array>;

export function imageBytes(blobs: Blobs, folders: Folders): BytesOf {
  return (image) => ("ref" in image ? blobs.get(image.ref) : placedBytes(image, folders));
}

async function placedBytes(image: PlacedImage, folders: Folders): Promise<Uint8Array> {
  const { file, start = 0, length = file.size - start } = image;
  if (length > pictureLimits.bytes) {
    const limit = `${pictureLimits.bytes / 2 ** 20} is the limit`;
    refusePicture(pictureName(image), `it has ${Math.ceil(length / 2 ** 20)} MiB, and ${limit}`, "Save it smaller.");
  }
  try {
    return await folders.withFile(file, (source) => source.read(start, start + length));
  } catch (error) {
    throw withRow(error, image);
  }
}

/** Says which row it was whose file is not what it was. */
function withRow(error: unknown, { row, file }: PlacedImage): unknown {
  if (!(error instanceof Failure) || row === undefined) return error;
  return new Failure(
    { ...error.public_, message: `Row ${row + 1} of “${file.name}”: ${error.message}` },
    { cause: error },
  );
}

/** A picture for a browser: itself, or a small copy in the store. */
export async function shownImage(
  image: ImageFile | undefined,
  bytesOf: BytesOf,
  blobs: Blobs,
): Promise<StoredImage | undefined> {
  if (!image || "ref" in image) return image;
  const small = await decodable(image, bytesOf)
    .then(({ bytes, size }) => thumbnail(bytes, size))
    .catch(() => undefined); // whoever needs its pixels says what is wrong
  return small && { ...small.size, ref: await blobs.put(small.bytes, { durable: false }), name: pictureName(image) };
}

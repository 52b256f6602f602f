/** The bytes of pictures, wherever they lie, and copies of them to look at. */
import type { ImageFile, PlacedImage, StoredImage } from "#nodes/core/values";
import { pictureName } from "#nodes/core/pictures";
import { Failure } from "../../errors";
import type { Folders } from "../../files/folders";
import { SourceLost } from "../../files/source-files";
import type { Tables } from "../../files/tables";
import type { Blobs } from "../../storage/blobs";
import { pictureLimits, refusePicture } from "./picture-limits";
import { decodable } from "./pixels";
import { thumbnail } from "./render";

export type BytesOf = (image: ImageFile) => Promise<Uint8Array>;

export function imageBytes(blobs: Blobs, folders: Folders, tables: Tables): BytesOf {
  return async (image) => {
    if ("ref" in image) return blobs.get(image.ref);
    try {
      return await placedBytes(image, folders, tables);
    } catch (error) {
      throw withRow(error, image);
    }
  };
}

async function placedBytes(image: PlacedImage, folders: Folders, tables: Tables): Promise<Uint8Array> {
  const { file, start = 0, length = file.size - start, column, row = 0 } = image;
  if (column !== undefined) return bytesIn(await tables.picture(file, column, row, image.item), image);
  if (length > pictureLimits.bytes) {
    const limit = `${pictureLimits.bytes / 2 ** 20} is the limit`;
    refusePicture(pictureName(image), `it has ${Math.ceil(length / 2 ** 20)} MiB, and ${limit}`, "Save it smaller.");
  }
  return folders.readFile(file, start, start + length);
}

/** A copy, so that not all of what it was unpacked with stays in memory. */
function bytesIn(bytes: Uint8Array | undefined, { column }: PlacedImage): Uint8Array {
  if (bytes?.length) return bytes.slice();
  throw new Failure({
    message: `There is no picture in “${column}”.`,
    hint: "Set “Bad rows” to leave such rows out, or read the column as text.",
  });
}

/** Says which row it was whose file is not what it was. */
function withRow(error: unknown, { row, file }: PlacedImage): unknown {
  if (!(error instanceof Failure) || row === undefined) return error;
  const told = { ...error.public_, message: `Row ${row + 1} of “${file.name}”: ${error.message}` };
  return error instanceof SourceLost ? new SourceLost(told, { cause: error }) : new Failure(told, { cause: error });
}

/** A picture for a browser: itself, or a small copy in the store. */
export async function shownImage(
  image: ImageFile | undefined,
  bytesOf: BytesOf,
  blobs: Blobs,
): Promise<StoredImage | undefined> {
  if (!image || "ref" in image) return image;
  const small = await decodable(image, bytesOf)
    .then(async ({ bytes, size }) => ({ ...(await thumbnail(bytes, size)), shows: size }))
    .catch(() => undefined); // whoever needs its pixels says what is wrong
  if (!small) return undefined;
  const ref = await blobs.put(small.bytes, { durable: false });
  return { ...small.size, shows: small.shows, ref, name: pictureName(image) };
}

/** Pictures that keep sizes of their own: decoded side by side, and gone as soon as something was made of them. */
import type { DecodeRequest } from "#nodes/core/host";
import { pictureName } from "#nodes/core/pictures";
import type { ImageFile, Tensor } from "#nodes/core/values";
import type { Picture } from "#models/pictures/pillow";
import { Failure } from "../../errors";
import { damagedPicture } from "./pictures";
import { decodable, type Decoding, failureOfAll } from "./pixels";
import { decode } from "./render";
import { settleAsTheyLie } from "./reading-order";
import { failuresOf } from "./side-by-side";

/** Decodes pictures of any sizes and gives what is made of each. All that cannot be decoded are named at once. */
export async function decodeEach<R>(
  files: readonly ImageFile[],
  request: DecodeRequest,
  use: (picture: Picture, index: number) => R,
  { bytesOf, each }: Pick<Decoding, "bytesOf" | "each">,
): Promise<R[]> {
  const results = await settleAsTheyLie(each, files, async (file, i) => use(await decoded(file, request, bytesOf), i));
  const failures = failuresOf(results);
  if (failures.length) throw failureOfAll(failures, files);
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** The pictures of a batch of one size, as views of it. */
export function picturesIn({ shape, data }: Tensor): Picture[] {
  const [count = 0, height = 0, width = 0] = shape;
  const size = width * height * 3;
  const pixels = data as Uint8Array;
  return Array.from({ length: count }, (_, i) => ({ width, height, data: pixels.subarray(i * size, (i + 1) * size) }));
}

async function decoded(file: ImageFile, request: DecodeRequest, bytesOf: Decoding["bytesOf"]): Promise<Picture> {
  const { bytes, size } = await decodable(file, bytesOf);
  try {
    return await decode(bytes, request, size);
  } catch (cause) {
    if (cause instanceof Failure || (cause as NodeJS.ErrnoException).code) throw cause;
    throw damagedPicture(pictureName(file), cause);
  }
}

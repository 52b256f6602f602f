/**
 * In which order pictures are read: those of one file as they lie in it, so that a compressed piece is unpacked once.
 */
import type { ImageFile } from "#nodes/core/values";
import type { SideBySide } from "./side-by-side";

/**
 * Does work for pictures side by side, in the order in which they are best read. Results have the order of the list.
 */
export async function settleAsTheyLie<R>(
  each: SideBySide,
  files: readonly ImageFile[],
  work: (file: ImageFile, i: number) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const order = readingOrder(files);
  const settled = await each.settle(order, (place) => work(files[place] as ImageFile, place), "pictures");
  const results = new Array<PromiseSettledResult<R>>(files.length);
  for (const [i, place] of order.entries()) results[place] = settled[i] as PromiseSettledResult<R>;
  return results;
}

/** The places of the list, those of pictures within one file by where they lie in it. */
export function readingOrder(files: readonly ImageFile[]): number[] {
  const order = files.map((_, place) => place);
  const firsts = new Map<string, number>();
  const keys = files.map((image, place) => {
    if (!("file" in image)) return { file: place, position: 0 };
    const file = firsts.get(image.file.path) ?? place;
    firsts.set(image.file.path, file);
    return { file, position: image.start ?? image.row ?? 0 };
  });
  type Key = (typeof keys)[number];
  return order.sort((one, other) => {
    const [a, b] = [keys[one] as Key, keys[other] as Key];
    return a.file - b.file || a.position - b.position || one - other;
  });
}

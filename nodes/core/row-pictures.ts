/** Pictures of some rows, for nodes that show what they measured. */
import type { Host } from "./host";
import { countsOf, startsOf } from "./packed";
import type { ImageBatch, ImageFile, Tensor } from "./values";

/** Pictures as files, by number; pixels are stored only of those. */
export async function filesOf(
  host: Host,
  image: ImageBatch,
  numbers: readonly number[],
): Promise<Map<number, ImageFile>> {
  if ("files" in image) return new Map(numbers.map((number) => [number, image.files[number] as ImageFile]));
  if (!numbers.length) return new Map();
  const files = await host.encodeImages(pixelsOf(image.pixels, numbers));
  return new Map(numbers.map((number, i) => [number, files[i] as ImageFile]));
}

/** Some pictures of a batch that is not packed, by number. */
export function chosenPictures(image: ImageBatch, numbers: readonly number[]): ImageBatch {
  if ("files" in image) return { files: numbers.map((number) => image.files[number] as ImageFile) };
  return { pixels: pixelsOf(image.pixels, numbers) };
}

function pixelsOf({ dtype, shape, data }: Tensor, numbers: readonly number[]): Tensor {
  const size = shape.slice(1).reduce((product, side) => product * side, 1);
  const chosen = new Uint8Array(numbers.length * size);
  for (const [i, number] of numbers.entries()) {
    chosen.set((data as Uint8Array).subarray(number * size, (number + 1) * size), i * size);
  }
  return { dtype, shape: [numbers.length, ...shape.slice(1)], data: chosen };
}

/** The first picture of some rows, by row; rows without any have none. */
export async function firstFilesOf(
  host: Host,
  images: ImageBatch,
  rows: readonly number[],
): Promise<Map<number, ImageFile>> {
  const counts = countsOf(images);
  const starts = startsOf(counts);
  const shown = rows.filter((row) => (counts[row] ?? 0) > 0);
  const numberOf = (row: number) => starts[row] as number;
  const files = await filesOf(host, images, shown.map(numberOf));
  return new Map(shown.map((row) => [row, files.get(numberOf(row)) as ImageFile]));
}

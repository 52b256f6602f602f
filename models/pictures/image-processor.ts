/**
 * What an image processor of Hugging Face's transformers does to pictures, as data, and doing it: scale, crop,
 * normalise, cut into tiles, pad to a batch. Equal to its implementation with PIL to 1e-5.
 */
import * as z from "zod";
import { bestResolution, fittedInto } from "./anyres";
import { type Filter, filtersByNumber, type Picture, resample } from "./pillow";

const side = z.int().min(1).max(16_384);
const size = z.object({ height: side, width: side });
type Size = z.output<typeof size>;

const resize = z.discriminatedUnion("to", [
  /** Both sides, whatever the picture's shape. */
  z.object({ to: z.literal("exact"), height: side, width: side }),
  /** The shortest side, and the longest no longer than `longest`. */
  z.object({ to: z.literal("shortest"), edge: side, longest: side.optional() }),
  /** As large as fits. */
  z.object({ to: z.literal("within"), height: side, width: side }),
  /** ViLT: the shortest side, the longest at most 1333/800 of it, both cut down to multiples. */
  z.object({ to: z.literal("multiple"), edge: side, of: side }),
]);

/** An image processor. It is kept in graphs: what is written once must be read ever after. */
export const imageProcessor = z.object({
  /** The class whose configuration it was. */
  name: z.string().max(100),
  resize: resize.optional(),
  filter: z.enum(filtersByNumber as [Filter, ...Filter[]]),
  /** Around the centre; what is smaller gets black around it. */
  crop: size.optional(),
  /** Channel by channel: (value · scale + offset − mean) / std. */
  scale: z.number(),
  offset: z.number(),
  mean: z.tuple([z.number(), z.number(), z.number()]),
  std: z.tuple([z.number(), z.number(), z.number()]),
  /** With zeros at the right and bottom, to the largest of a batch; a mask then tells what is picture. */
  pad: z.boolean(),
  /** LLaVA-NeXT: the picture as a whole, and cut into tiles after it was fitted into the best of some sizes. */
  tiles: z.object({ grids: z.array(size).min(1).max(1000), whole: size, side }).optional(),
});
export type ImageProcessor = z.output<typeof imageProcessor>;

/** The size to which a picture is scaled before it is cropped. */
export function scaledSize({ resize: how }: ImageProcessor, { width, height }: Size): Size {
  switch (how?.to) {
    case undefined:
      return { width, height };
    case "exact":
      return { width: how.width, height: how.height };
    case "shortest":
      return toShortest({ width, height }, how.edge, how.longest);
    case "within": {
      const scale = Math.min(how.height / height, how.width / width);
      return atLeastOne({ height: Math.trunc(height * scale), width: Math.trunc(width * scale) });
    }
    case "multiple":
      return toMultiple({ width, height }, how.edge, how.of);
  }
}

/** The size that all results have, where it is known before there is a picture. */
export function resultSize({ resize: how, crop, tiles }: ImageProcessor): Size | undefined {
  if (crop) return crop;
  if (tiles) return tiles.whole;
  return how?.to === "exact" ? { height: how.height, width: how.width } : undefined;
}

/** One picture or tile, ready for a network: float32 [3, height, width]. */
export interface Processed extends Size {
  data: Float32Array;
}

/** What becomes of a picture: one result, or that of the whole and of each of its tiles. */
export function processPicture(processor: ImageProcessor, picture: Picture): Processed[] {
  const tiles = processor.tiles ? cutIntoTiles(processor.tiles, processor.filter, picture) : [picture];
  return tiles.map((tile) => {
    const { width, height } = scaledSize(processor, tile);
    const scaled = resample(tile, width, height, processor.filter);
    return normalised(processor, processor.crop ? centred(scaled, processor.crop) : scaled);
  });
}

export interface Batch {
  shape: number[];
  data: Float32Array;
  /** What is picture and not padding, 1 or 0, [N, height, width]. */
  mask: BigInt64Array;
}

/** How many tiles results have at most, and how high and wide they are. */
export function largestOf(results: readonly (readonly Processed[])[]): [tiles: number, height: number, width: number] {
  const all = results.flat();
  const most = (sizes: readonly number[]) => sizes.reduce((largest, size) => Math.max(largest, size), 0);
  return [
    most(results.map(({ length }) => length)),
    most(all.map(({ height }) => height)),
    most(all.map(({ width }) => width)),
  ];
}

/**
 * Results of several pictures as one tensor: [N, 3, H, W], with tiles [N, most tiles, 3, H, W], padded with zeros up to
 * the largest of them, or to what is said.
 */
export function batchOf(
  processor: ImageProcessor,
  results: readonly (readonly Processed[])[],
  [most = 0, height = 0, width = 0]: readonly number[] = largestOf(results),
): Batch {
  const all = results.flat();
  const odd = all.find((each) => each.height !== height || each.width !== width);
  if (odd && !processor.pad) throw sizesDiffer(processor, odd, { height, width });
  const plane = height * width;
  const data = new Float32Array(results.length * most * 3 * plane);
  const mask = new BigInt64Array(results.length * plane);
  for (const [row, pictures] of results.entries()) {
    for (const [i, picture] of pictures.entries())
      place(picture, data, (row * most + i) * 3 * plane, { height, width });
    if (pictures[0]) mark(pictures[0], mask, row * plane, width);
  }
  const shape = [results.length, ...(processor.tiles ? [most] : []), 3, height, width];
  return { shape, data, mask };
}

function sizesDiffer({ name }: ImageProcessor, one: Size, other: Size): Error {
  const sizes = `${one.width} × ${one.height} and ${other.width} × ${other.height}`;
  return Object.assign(new Error(`${name} gives pictures of different sizes, such as ${sizes}, which are no batch.`), {
    hint: "Take a configuration that crops, or scales both sides to given lengths.",
  });
}

function place(picture: Processed, target: Float32Array, offset: number, { height, width }: Size): void {
  if (picture.height === height && picture.width === width) {
    target.set(picture.data, offset);
    return;
  }
  for (let line = 0; line < 3 * picture.height; line++) {
    const channel = Math.floor(line / picture.height);
    const y = line % picture.height;
    const row = picture.data.subarray(line * picture.width, (line + 1) * picture.width);
    target.set(row, offset + (channel * height + y) * width);
  }
}

function mark(picture: Size, mask: BigInt64Array, offset: number, width: number): void {
  for (let y = 0; y < picture.height; y++) mask.fill(1n, offset + y * width, offset + y * width + picture.width);
}

/** Transformers' `get_size_with_aspect_ratio`, and without `longest` its `get_resize_output_image_size`. */
function toShortest({ width, height }: Size, shortest: number, longest = Number.POSITIVE_INFINITY): Size {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const isTooLong = (long / short) * shortest > longest;
  const exact = isTooLong ? (longest * short) / long : shortest;
  const edge = isTooLong ? halfToEven(exact) : shortest;
  const other = Math.trunc((exact * long) / short);
  return atLeastOne(width < height ? { width: edge, height: other } : { width: other, height: edge });
}

function toMultiple({ width, height }: Size, shortest: number, divisor: number): Size {
  const longest = Math.trunc((1333 / 800) * shortest);
  const scale = shortest / Math.min(width, height);
  let size: Size =
    height < width ? { height: shortest, width: scale * width } : { height: scale * height, width: shortest };
  const long = Math.max(size.height, size.width);
  if (long > longest) size = { height: (longest / long) * size.height, width: (longest / long) * size.width };
  const cut = (length: number) => Math.max(1, Math.floor(Math.trunc(length + 0.5) / divisor)) * divisor;
  return { height: cut(size.height), width: cut(size.width) };
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}

const atLeastOne = ({ width, height }: Size): Size => ({ width: Math.max(1, width), height: Math.max(1, height) });

/** A part of the picture around its centre, black where there is no picture. */
function centred(picture: Picture, { width, height }: Size): Picture {
  return moved(picture, { width, height }, cropOffset(picture.height, height), cropOffset(picture.width, width));
}

/** Where the picture's first line comes to lie. Transformers rounds down what it cuts, and up what it adds. */
const cropOffset = (there: number, wanted: number): number =>
  there >= wanted ? -Math.floor((there - wanted) / 2) : Math.ceil((wanted - there) / 2);

/** A picture of a size, black but for what of another one lies in it. */
function moved(picture: Picture, { width, height }: Size, top: number, left: number): Picture {
  const data = new Uint8Array(width * height * 3);
  const first = Math.max(0, -left);
  const end = Math.min(picture.width, width - left);
  for (let y = Math.max(0, -top); y < Math.min(picture.height, height - top); y++) {
    const line = picture.data.subarray((y * picture.width + first) * 3, (y * picture.width + end) * 3);
    data.set(line, ((y + top) * width + first + left) * 3);
  }
  return { width, height, data };
}

function cutIntoTiles(tiles: NonNullable<ImageProcessor["tiles"]>, filter: Filter, picture: Picture): Picture[] {
  const { grids, whole, side: length } = tiles;
  const grid = bestResolution(picture, grids);
  const fitted = fittedInto(picture, grid);
  const scaled = resample(picture, fitted.width, fitted.height, filter);
  const [top, left] = [grid.height - fitted.height, grid.width - fitted.width].map((room) => Math.floor(room / 2));
  const padded = moved(scaled, grid, top as number, left as number);
  const cut: Picture[] = [resample(picture, whole.width, whole.height, filter)];
  for (let y = 0; y < grid.height; y += length) {
    for (let x = 0; x < grid.width; x += length) {
      const inside = { width: Math.min(length, grid.width - x), height: Math.min(length, grid.height - y) };
      cut.push(moved(padded, inside, -y, -x));
    }
  }
  return cut;
}

function normalised({ scale, offset, mean, std }: ImageProcessor, { width, height, data: source }: Picture): Processed {
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const [middle, spread] = [mean[channel] as number, std[channel] as number];
    const table = Float32Array.from({ length: 256 }, (_, value) => (value * scale + offset - middle) / spread);
    for (let i = 0, from = channel; i < plane; i++, from += 3)
      data[channel * plane + i] = table[source[from] as number] as number;
  }
  return { width, height, data };
}

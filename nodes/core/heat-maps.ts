/** Numbers over the patches of pictures, collected row by row for the view that draws them. */
import * as z from "zod";
import type { Host } from "./host";
import { itemCount } from "./packed";
import { filesOf } from "./row-pictures";
import type { ImageBatch, StoredImage } from "./values";
import type { HeatMap, PatchHeat } from "./views/patch-heat";

/** What nodes that lay maps over pictures ask: where the patches are, and how much is shown. */
export const heatParams = {
  before: z.int().min(0).max(64).default(0).meta({
    label: "Tokens before",
    description: "The patches: 1 where there is a class token.",
  }),
  rows: z.int().min(0).max(1024).default(0).meta({
    description: "Rows of patches in a picture; 0: a square.",
    advanced: true,
  }),
  limit: z.int().min(1).max(64).default(6).meta({ label: "At most", unit: "pictures" }),
  maps: z.int().min(1).max(64).default(12).meta({ label: "Of each at most", unit: "maps", advanced: true }),
};

/** The maps of one picture: of each so many lines of a number for each patch. */
export interface Maps {
  /** Maps, one behind the other; each has `lines` · `patches` numbers. */
  numbers: Float32Array;
  count: number;
  lines: number;
  patches: number;
}

/** More numbers than these are not sent to a browser. */
export const mostNumbers = 6_000_000;

/** Where the patches of a picture lie: a square of them, or so many rows. */
export function gridOf(patches: number, rows: number): [rows: number, columns: number] {
  const down = rows || Math.round(Math.sqrt(patches));
  if (patches > 0 && patches % down === 0 && (rows || down * down === patches)) return [down, patches / down];
  throw Object.assign(new Error(`${patches} patches are no ${rows ? `${rows} rows of patches` : "square"}.`), {
    hint: isSquare(patches - 1)
      ? "One token more than a square: set Tokens before to 1, for the class token."
      : "Set Rows to how many rows of patches a picture has, and Tokens before to those that are no patches.",
  });
}

const isSquare = (count: number): boolean => count > 0 && Number.isInteger(Math.sqrt(count));

/** Pictures with their maps, as far as they are shown. */
export class HeatPictures {
  readonly pictures: PatchHeat["pictures"] = [];
  count = 0;
  #numbers = 0;

  constructor(
    readonly host: Host,
    readonly limit: number,
  ) {}

  /** Takes a chunk of pictures in; `mapsOf` is asked for the maps of those that are shown. */
  async add(image: ImageBatch, mapsOf: (row: number) => Maps): Promise<void> {
    const all = itemCount(image);
    const rows = Array.from({ length: Math.max(0, Math.min(all, this.limit - this.pictures.length)) }, (_, i) => i);
    this.count += all;
    const files = await filesOf(this.host, image, rows);
    const shown = await this.host.shownImages(rows.map((row) => files.get(row)));
    for (const row of rows) {
      const stored = shown[row];
      if (!stored) continue;
      const maps = mapsOf(row);
      this.#numbers += maps.numbers.length;
      if (this.#numbers > mostNumbers && this.pictures.length) return;
      this.pictures.push({ image: stored, maps: await mapsAsPictures(this.host, maps) });
    }
  }
}

async function mapsAsPictures(host: Host, { numbers, count, lines, patches }: Maps): Promise<HeatMap[]> {
  const size = lines * patches;
  const maps = Array.from({ length: count }, (_, map) => numbers.subarray(map * size, (map + 1) * size));
  return Promise.all(maps.map((map) => mapAsPicture(host, map, lines, patches)));
}

async function mapAsPicture(host: Host, map: Float32Array, lines: number, patches: number): Promise<HeatMap> {
  const [low, high] = rangeOf(map);
  const scale = high > low ? 65_535 / (high - low) : 0;
  const data = new Uint8Array(map.length * 3);
  for (const [i, number] of map.entries()) {
    const level = Number.isFinite(number) ? Math.round((number - low) * scale) : 0;
    data[3 * i] = level >> 8;
    data[3 * i + 1] = level & 255;
    data[3 * i + 2] = Number.isFinite(number) ? 0 : 255; // marked where there is none
  }
  const [numbers] = await host.encodeImages({ dtype: "uint8", shape: [1, lines, patches, 3], data });
  return { numbers: numbers as StoredImage, low, high };
}

/** The least and the largest of the finite numbers. */
function rangeOf(numbers: Float32Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    if (!Number.isFinite(number)) continue;
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return low <= high ? [low, high] : [0, 0];
}

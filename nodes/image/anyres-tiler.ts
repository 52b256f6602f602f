import * as z from "zod";
import { type AnyResRule, resolutionsFrom, type Size } from "#models/pictures/anyres";
import { type Normalization, normalizations, tablesOf } from "#models/pictures/normalization";
import { noFeature, type Packing } from "#models/pictures/packing";
import { type Filter, filtersByNumber, type Picture } from "#models/pictures/pillow";
import { scaledViews, type TileWriter, writeTiles } from "#models/pictures/tiles";
import { neededSize, packingOf, type TilingRule, type View, viewsOf } from "#models/pictures/tiling";
import { drawingOf } from "../core/tile-drawing";
import { defineNode } from "../core/node";
import { countsOf } from "../core/packed";
import { roundedUp } from "../core/packing";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

/** When parameters mean something, by others. */
const tiled = { mode: ["anyres_max", "anyres"] };
const limited = { mode: ["anyres_max"] };
const ofPictures = { rows: ["pictures"] };
const ofVideos = { rows: ["videos"] };
const customOnly = { normalization: ["custom"] };

const threeNumbers = z
  .string()
  .max(100)
  .refine((text) => numbersIn(text).length === 3, "three numbers, such as 0.5, 0.5, 0.5");

export const anyresTiler = defineNode({
  type: "image.anyres-tiler",
  title: "AnyRes tiler",
  description: "Cuts pictures of any size and shape into tiles that a vision tower takes, as LLaVA-OneVision does.",
  synonyms: ["LLaVA-NeXT", "dynamic resolution", "tiling"],
  docs: `Of some resolutions, each a grid of tiles, that is chosen which keeps most of the picture's pixels and wastes
least; the picture is fitted into it, black around it, and cut row by row. The first tile is the picture as a whole,
at the size of a tile whatever its shape (LLaVA-NeXT and LLaVA-OneVision, \`mm_utils.py\`; Li et al. 2024).

- *anyres_max* N: where the grid's features are more than 1.21 · N tiles', they are shrunk to as many (bilinear).
- *anyres*: all features. *pad*: one tile, the picture on a square of the mean colour. *flat*: one tile, stretched,
  without a newline: stage 1, and LLaVA.
- **Several pictures in a row** are *padded* to squares, one tile and a newline each; or each is cut as if it were alone
  (LLaVA-NeXT in transformers). **Videos** (*Video frames*): the row's pictures are frames, at half their sides (the
  spatial pool: 27 → 14, 196 tokens of 729), one newline behind them all, or other ends.

*Official* and *transformers* differ in how the length of the unpadded side is rounded, for few sizes (820 × 369).
Resolutions are "(1x1),…,(6x6)", all grids between the two, or sizes in pixels, width first: "(336, 672), (672, 336)".
Scaling is Pillow's to the bit. EXIF orientation is applied, transparency dropped.

- \`tiles\` float32 [P, 3, S, S], packed: so many tiles belong to each row. To the vision tower.
- \`counts\` int64 [N]: how many. \`index\` int64 [N, V, K] and \`shares\` float32 [N, V, K]: each of a row's V tokens
  is Σ share · feature of the row's own tiles, counted tile after tile; −1 is the newline, −2 nothing, behind the last
  token. K is 1, or 4 where features may be shrunk. To the *AnyRes packer*.
- \`tokens\` int64 [I], packed: how many tokens each picture (or video) of a row has. To *Image places*.

A row without pictures has no tiles.`,
  version: 1,
  inputs: {
    images: port.image({ shape: ["I", "*", "*"], packed: "N", doc: "Any number of pictures a row, of any size." }),
  },
  outputs: {
    tiles: port.tensor({ dtype: "float32", shape: ["P", 3, "$tile", "$tile"], packed: "N" }),
    counts: port.tensor({ dtype: "int64", shape: ["N"], doc: "How many tiles each row has." }),
    index: port.tensor({ dtype: "int64", shape: ["N", "V", "K"], doc: "Of the row's own features." }),
    shares: port.tensor({ dtype: "float32", shape: ["N", "V", "K"] }),
    tokens: port.tensor({ dtype: "int64", shape: ["T"], packed: "N", doc: "Of each picture, or of the video." }),
  },
  params: {
    mode: z.enum(["anyres_max", "anyres", "pad", "flat"]).default("anyres_max"),
    most: z.int().min(1).max(1000).default(9).meta({
      label: "At most",
      unit: "tiles of tokens",
      description: "N of anyres_max_N, beside the picture as a whole.",
      when: limited,
    }),
    resolutions: z.string().max(20_000).default("(1x1),…,(6x6)").meta({
      description: "Grids of tiles, columns first, or sizes in pixels, width first.",
      when: tiled,
    }),
    tile: z.int().min(1).max(4096).default(384).meta({ label: "Side of a tile", unit: "px" }),
    patch: z.int().min(1).max(512).default(14).meta({
      label: "Patch size",
      unit: "px",
      description: "The vision tower's: a tile has (side / patch)² features.",
    }),
    rows: z.enum(["pictures", "videos"]).default("pictures").meta({
      label: "Rows are",
      description: "Videos: the pictures of a row are its frames.",
    }),
    several: z.enum(["pad", "as one"]).default("pad").meta({
      label: "Several pictures",
      description: "Of a row: each padded to a square, or each cut as if it were alone.",
      when: ofPictures,
    }),
    ends: z.enum(["one_token", "frame", "grid", "no_token"]).default("one_token").meta({
      label: "Newlines",
      description: "Behind the video, each frame, each row of each frame, or nowhere.",
      when: ofVideos,
    }),
    normalization: z.enum(["half", "clip", "imagenet", "none", "custom"]).default("half").meta({
      label: "Mean and deviation",
      description: "Half: SigLIP's 0.5.",
    }),
    mean: threeNumbers.default("0.5, 0.5, 0.5").meta({ when: customOnly }),
    std: threeNumbers.default("0.5, 0.5, 0.5").meta({ label: "Deviation", when: customOnly }),
    places: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .meta({
        label: "Room for",
        unit: "tokens a row",
        description:
          "0: the longest row of the batch. With a number a row is laid out by itself, " +
          "so that a frozen tower behind it runs once for each.",
        advanced: true,
      }),
    rounded: z
      .boolean()
      .default(false)
      .meta({
        label: "Round up",
        description:
          "Empty places make the longest row at most a quarter longer: " +
          "a training then meets few shapes, for each of which it compiles its step.",
        advanced: true,
      }),
    rounding: z.enum(["official", "transformers"]).default("official").meta({ advanced: true, when: tiled }),
    filter: z
      .enum(filtersByNumber as [Filter, ...Filter[]])
      .default("bicubic")
      .meta({ advanced: true }),
  },
  check(params) {
    if (params.tile < params.patch)
      return { param: "patch", message: `A tile of ${params.tile} pixels holds no patch of ${params.patch}.` };
    try {
      ruleOf(params);
    } catch (error) {
      return { param: "resolutions", message: `${capitalised((error as Error).message)}.` };
    }
    return undefined;
  },
  ports: ({ places, ...params }) => {
    const shape = ["N", places || "V", widthOf(params)];
    const picks = Math.floor(params.tile / params.patch) ** 2;
    return {
      outputs: {
        index: port.tensor({ dtype: "int64", shape, picks, doc: `Of tiles of ${picks} features each.` }),
        shares: port.tensor({ dtype: "float32", shape }),
      },
      perBatch: places === 0,
    };
  },
  layout({ mode, most, resolutions, tile, patch, rows, several, ends, rounding }) {
    const isVideo = rows === "videos";
    const isTiled = !isVideo && (mode === "anyres_max" || mode === "anyres");
    return {
      "Rows are": rows,
      Mode: isVideo ? undefined : mode,
      "At most": isTiled && mode === "anyres_max" ? most : undefined,
      Resolutions: isTiled ? resolutions : undefined,
      "Side of a tile": isTiled ? tile : undefined,
      "patches of a tile's side": Math.floor(tile / patch),
      "Several pictures": isVideo ? undefined : several,
      Newlines: isVideo ? ends : undefined,
      Rounding: isTiled ? rounding : undefined,
    };
  },
  draws(params, size) {
    try {
      return drawingOf(size, ruleOf(params));
    } catch {
      return undefined; // no resolutions to choose from, which `check` says
    }
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const rule = ruleOf(params);
    const normalization = normalizationOf(params);
    const counts = countsOf(inputs.images);
    const among = counts.flatMap((count) => Array<number>(count).fill(count));
    const scaling = { filter: params.filter, background: normalization.mean.map((mean) => Math.trunc(mean * 255)) };
    const request = { sizeOf: (size: Size) => neededSize(size, rule) };
    const pictures = await host.decode(inputs.images, request, (picture, item): TiledPicture => {
      const size = { width: picture.width, height: picture.height };
      const views = viewsOf(size, among[item] as number, rule);
      return { size, views, scaled: scaledViews(picture, views, scaling) };
    });
    const rows = rowsFrom(pictures, counts);
    const { tile: side, places, rounded } = params;
    const lengthOf = (longest: number): number => {
      const [common = longest] = host.commonSizes([longest]);
      return rounded ? roundedUp(common) : common;
    };
    const tiles = tilesFrom(rows, { side, tables: tablesOf(normalization) });
    const layouts = rows.map((row) =>
      packingOf(
        row.map(({ size }) => size),
        rule,
      ),
    );
    const packings = layouts.map(({ packing }) => packing);
    return {
      tiles,
      counts: integers(tiles.counts as readonly number[]),
      ...layoutOf(packings, { places, width: widthOf(params), lengthOf }),
      tokens: {
        ...integers(layouts.flatMap(({ tokens }) => tokens)),
        counts: layouts.map(({ tokens }) => tokens.length),
      },
    };
  },
});

/** A picture that was cut: its size, and its views at theirs. */
interface TiledPicture {
  size: Size;
  views: View[];
  scaled: Picture[];
}

interface Choices {
  mode: "anyres_max" | "anyres" | "pad" | "flat";
  most: number;
  resolutions: string;
  tile: number;
  patch: number;
  rows: "pictures" | "videos";
  several: "pad" | "as one";
  ends: TilingRule["videoEnd"];
  rounding: NonNullable<AnyResRule["rounding"]>;
}

function ruleOf(choices: Choices): TilingRule {
  const { mode, tile, patch, most, several, ends, rounding } = choices;
  const isTiled = mode === "anyres_max" || mode === "anyres";
  return {
    mode: isTiled ? "anyres" : mode,
    tile,
    side: Math.floor(tile / patch),
    resolutions: isTiled ? resolutionsFrom(choices.resolutions, tile) : [],
    most: mode === "anyres_max" ? most : undefined,
    rounding,
    several,
    isVideo: choices.rows === "videos",
    videoEnd: ends,
  };
}

/** Of how many features a token may be made. */
const widthOf = ({ mode, rows }: Pick<Choices, "mode" | "rows">): number =>
  mode === "anyres_max" || rows === "videos" ? 4 : 1;

function normalizationOf(choices: {
  normalization: keyof typeof normalizations | "custom";
  mean: string;
  std: string;
}) {
  if (choices.normalization !== "custom") return normalizations[choices.normalization];
  return { mean: numbersIn(choices.mean), std: numbersIn(choices.std) } as unknown as Normalization;
}

function numbersIn(text: string): number[] {
  const numbers = text.split(/[\s,;]+/).filter(Boolean);
  return numbers.map(Number).filter(Number.isFinite);
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const integers = (numbers: readonly number[]): Tensor => ({
  dtype: "int64",
  shape: [numbers.length],
  data: BigInt64Array.from(numbers, BigInt),
});

function rowsFrom<T>(items: readonly T[], counts: readonly number[]): T[][] {
  let next = 0;
  return counts.map((count) => {
    next += count;
    return items.slice(next - count, next);
  });
}

const tilesOf = (row: readonly TiledPicture[]): number =>
  row.flatMap(({ views }) => views).reduce((sum, { grid: [rows, columns] }) => sum + rows * columns, 0);

/** The tiles of all rows, each written where it comes to lie. */
function tilesFrom(rows: readonly (readonly TiledPicture[])[], how: Pick<TileWriter, "side" | "tables">): Tensor {
  const counts = rows.map(tilesOf);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const writer: TileWriter = { ...how, data: new Float32Array(total * 3 * how.side ** 2), next: 0 };
  for (const { views, scaled } of rows.flat()) {
    for (const [i, view] of views.entries()) writeTiles(writer, scaled[i] as Picture, view);
  }
  return { dtype: "float32", shape: [total, 3, how.side, how.side], data: writer.data, counts };
}

/** The tokens of each row side by side: int64 and float32 [N, V, width], as long as the longest row or as `places`. */
function layoutOf(
  packings: readonly Packing[],
  { places, width, lengthOf }: { places: number; width: number; lengthOf(longest: number): number },
) {
  const longest = packings.reduce((most, { tokens }) => Math.max(most, tokens), 1);
  if (places && longest > places) throw noRoom(packings, places);
  const length = places || lengthOf(longest);
  const shape = [packings.length, length, width];
  const rowLength = length * width;
  const index = new BigInt64Array(packings.length * rowLength).fill(BigInt(noFeature));
  const shares = new Float32Array(index.length);
  // As two words each, which is some times faster than as BigInt.
  const words = new Int32Array(index.buffer);
  for (const [row, packing] of packings.entries()) {
    for (let i = 0; i < packing.tokens * width; i++) {
      const from = width === 4 ? i : i * 4;
      const place = packing.index[from] as number;
      const to = row * rowLength + i;
      words[2 * to] = place;
      words[2 * to + 1] = place < 0 ? -1 : 0;
      shares[to] = packing.weights[from] as number;
    }
  }
  return {
    index: { dtype: "int64", shape, data: index } satisfies Tensor,
    shares: { dtype: "float32", shape, data: shares } satisfies Tensor,
  };
}

function noRoom(packings: readonly Packing[], places: number): Error {
  const row = packings.findIndex(({ tokens }) => tokens > places);
  const tokens = packings[row]?.tokens;
  return Object.assign(
    new Error(`The pictures of row ${row + 1} have ${tokens} tokens, and there is room for ${places}.`),
    { param: "places", hint: `Make room for ${tokens}, or choose smaller resolutions or a lower limit.` },
  );
}

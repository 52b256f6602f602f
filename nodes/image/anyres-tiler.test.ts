import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { batchOf, processPicture } from "#models/pictures/image-processor";
import { readProcessor } from "#models/pictures/processor-config";
import { runNode, testHost } from "#tests/kit/run-node";
import { roundedUp } from "../core/packing";
import type { ImageBatch, Tensor } from "../core/values";
import { anyresTiler } from "./anyres-tiler";

/** Pictures of some sizes, each pixel its own. */
function drawn(sizes: readonly (readonly [number, number])[]) {
  return sizes.map(([width, height]) => {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919 + (i >> 5) * 31) % 256);
    return { width, height, data };
  });
}

async function imagesOf(pictures: ReturnType<typeof drawn>, counts?: readonly number[]) {
  const host = await testHost();
  const files = await Promise.all(
    pictures.map(async ({ width, height, data }) =>
      host.importImage(
        await sharp(data, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer(),
      ),
    ),
  );
  return { host, images: { files, ...(counts ? { counts } : {}) } satisfies ImageBatch };
}

const toy = { tile: 32, patch: 8, resolutions: "(1x1),…,(3x3)", most: 4 };
const integersOf = ({ data }: Tensor) => Array.from(data, Number);
/** The tokens that a layout has in each row. */
function lengthsOf({ shape: [rows = 0, places = 0, width = 0], data }: Tensor): number[] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: places }, (_, i) => Number(data[(row * places + i) * width])).filter((place) => place > -2),
  ).map(({ length }) => length);
}

describe("AnyRes tiler", () => {
  it("gives the tiles of transformers' processor, the whole picture first", async () => {
    const pictures = drawn([
      [70, 40],
      [31, 64],
      [32, 32],
    ]);
    const { host, images } = await imagesOf(pictures);
    const pinpoints = [1, 2, 3].flatMap((columns) => [1, 2, 3].map((rows) => [32 * rows, 32 * columns]));
    const processor = readProcessor({
      image_processor_type: "LlavaOnevisionImageProcessor",
      image_grid_pinpoints: pinpoints,
      size: { height: 32, width: 32 },
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    });
    const { tiles, counts } = await runNode(anyresTiler, { images }, toy, host);
    const want = pictures.map((picture) => processPicture(processor, picture));
    expect(tiles.counts).toEqual(want.map(({ length }) => length));
    expect(integersOf(counts)).toEqual(tiles.counts);
    expect(tiles.shape).toEqual([want.flat().length, 3, 32, 32]);
    const { data } = batchOf(
      processor,
      want.flat().map((tile) => [tile]),
    );
    const gap = (tiles.data as Float32Array).reduce(
      (most, x, i) => Math.max(most, Math.abs(x - (data[i] as number))),
      0,
    );
    expect(gap).toBeLessThan(1e-6);
  });

  it("says how many tokens each picture has, as the paper's code does", async () => {
    const { host, images } = await imagesOf(
      drawn([
        [64, 64],
        [96, 64],
        [100, 60],
        [64, 128],
        [128, 128],
        [200, 50],
        [32, 32],
      ]),
    );
    const { tokens, index, shares } = await runNode(anyresTiler, { images }, toy, host);
    expect(integersOf(tokens)).toEqual([88, 76, 76, 100, 88, 68, 36]);
    expect(index.shape).toEqual([7, 100, 4]);
    expect(shares.shape).toEqual([7, 100, 4]);
    expect(lengthsOf(index)).toEqual([88, 76, 76, 100, 88, 68, 36]);
  });

  it("pads several pictures of a row to squares on the mean colour, and leaves rows without any empty", async () => {
    const grey = (width: number, height: number) => ({
      width,
      height,
      data: new Uint8Array(width * height * 3).fill(200),
    });
    const { host, images } = await imagesOf([grey(64, 32), grey(32, 32), grey(32, 32)], [2, 0, 1]);
    const given = await runNode(anyresTiler, { images }, { ...toy, mode: "pad", normalization: "none" }, host);
    expect(given.tiles.counts).toEqual([2, 0, 1]);
    expect(given.tokens).toMatchObject({ shape: [3], counts: [2, 0, 1] });
    expect(integersOf(given.tokens)).toEqual([17, 17, 17]);
    expect(given.index.shape).toEqual([3, 34, 1]);
    expect(lengthsOf(given.index)).toEqual([34, 0, 17]);
    expect(integersOf(given.index).slice(15, 19)).toEqual([15, -1, 16, 17]);
    const firstColumn = Array.from({ length: 32 }, (_, y) => Math.round((given.tiles.data[y * 32] as number) * 255));
    expect([firstColumn[0], firstColumn[31], firstColumn[16]]).toEqual([0, 0, 200]);
  });

  it("cuts each of several as if it were alone where that is asked for", async () => {
    const { host, images } = await imagesOf(
      drawn([
        [64, 64],
        [96, 32],
      ]),
      [2],
    );
    const given = await runNode(anyresTiler, { images }, { ...toy, several: "as one" }, host);
    expect(given.tiles.counts).toEqual([5 + 4]);
    expect(integersOf(given.tokens)).toEqual([88, 16 + 4 * 13]);
    expect(lengthsOf(given.index)).toEqual([88 + 68]);
  });

  it("takes rows as videos: a tile a frame, at half its sides, one newline", async () => {
    const { host, images } = await imagesOf(drawn(Array.from({ length: 5 }, () => [50, 40] as const)), [3, 2]);
    const given = await runNode(anyresTiler, { images }, { ...toy, rows: "videos" }, host);
    expect(given.tiles.shape).toEqual([5, 3, 32, 32]);
    expect(given.tokens).toMatchObject({ shape: [2], counts: [1, 1] });
    expect(integersOf(given.tokens)).toEqual([3 * 4 + 1, 2 * 4 + 1]);
    const large = await runNode(anyresTiler, { images }, { tile: 54, patch: 2, rows: "videos" }, host);
    expect(integersOf(large.tokens)).toEqual([3 * 196 + 1, 2 * 196 + 1]);
  });

  it("gives a batch without pictures no tile, so that a row's tiles follow from the row alone", async () => {
    const given = await runNode(anyresTiler, { images: { files: [], counts: [0, 0] } }, toy);
    expect(given.tiles).toMatchObject({ shape: [0, 3, 32, 32], counts: [0, 0] });
    expect(integersOf(given.index)).toEqual(Array(8).fill(-2));
  });

  it("rounds a batch up with empty places, so that it comes in few shapes", async () => {
    const { host, images } = await imagesOf(
      drawn([
        [64, 64],
        [96, 64],
        [64, 64],
      ]),
    );
    const exact = await runNode(anyresTiler, { images }, toy, host);
    const given = await runNode(anyresTiler, { images }, { ...toy, rounded: true }, host);
    expect(given.tiles).toEqual(exact.tiles);
    expect(exact.tiles.counts).toEqual([5, 7, 5]);
    expect([exact.index.shape, given.index.shape]).toEqual([
      [3, 88, 4],
      [3, 96, 4],
    ]);
    expect(lengthsOf(given.index)).toEqual([88, 76, 88]);
    expect(given.tokens).toEqual(exact.tokens);
    expect([1, 7, 8, 9, 11, 17, 2000].map(roundedUp)).toEqual([1, 7, 8, 10, 12, 20, 2048]);
  });

  it("has a row's layout follow from the row alone where there is room for a fixed number", async () => {
    const { host, images } = await imagesOf(drawn([[64, 64]]));
    const given = await runNode(anyresTiler, { images }, { ...toy, places: 90 }, host);
    expect(given.index.shape).toEqual([1, 90, 4]);
    await expect(runNode(anyresTiler, { images }, { ...toy, places: 87 }, host)).rejects.toThrow(
      "The pictures of row 1 have 88 tokens, and there is room for 87.",
    );
  });

  it("tells of resolutions that are none before it runs", () => {
    const complaint = (params: object) =>
      anyresTiler.check?.({ ...toy, mode: "anyres", rows: "pictures", ...params } as never)?.message;
    expect(complaint({ resolutions: "6x6" })).toMatch(/names no grids/);
    expect(complaint({ resolutions: "(40, 64)" })).toBe("40 × 64 are no whole tiles of 32.");
    expect(complaint({ patch: 33 })).toBe("A tile of 32 pixels holds no patch of 33.");
    expect(complaint({ mode: "pad", resolutions: "6x6" })).toBeUndefined();
  });
});

describe("the drawing of a picture", () => {
  const drawn = (size: { width: number; height: number }, params: object = {}) => {
    const all = { ...toy, tile: 384, patch: 14, resolutions: "(1x1),…,(6x6)", most: 9, mode: "anyres_max" };
    return anyresTiler.draws?.({ ...all, rows: "pictures", several: "pad", ...params } as never, size);
  };

  it("shows the grid that is chosen, the padding, and how many tokens there are", () => {
    const drawing = drawn({ width: 1000, height: 600 });
    expect(drawing).toMatchObject({ width: 1152, height: 768 });
    expect(drawing?.picture).toEqual({ left: 0, top: 38, width: 1152, height: 692 });
    expect(drawing?.tiles).toHaveLength(6);
    expect(drawing?.tiles[4]).toEqual({ left: 384, top: 384, width: 384, height: 384 });
    expect(drawing?.text).toBe("3 × 2 tiles of 384 and the whole picture: 7 tiles, 4,665 tokens.");
    const large = drawn({ width: 1920, height: 1080 });
    expect(large?.text).toBe(
      "5 × 3 tiles of 384 and the whole picture, shrunk to 108 × 60 features: 16 tiles, 7,269 tokens.",
    );
  });

  it("shows the one tile of other modes, and nothing of resolutions that are none", () => {
    expect(drawn({ width: 100, height: 60 }, { mode: "pad" })).toMatchObject({
      picture: { left: 0, top: 20, width: 100, height: 60 },
      text: "One tile, a square with padding: 730 tokens.",
    });
    expect(drawn({ width: 100, height: 60 }, { mode: "flat" })?.text).toBe("One tile, stretched: 729 tokens.");
    expect(drawn({ width: 100, height: 60 }, { rows: "videos" })?.text).toMatch(/^One tile a frame: 196 tokens/);
    expect(drawn({ width: 100, height: 60 }, { resolutions: "none" })).toBeUndefined();
  });
});

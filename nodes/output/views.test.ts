import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { StoredImage, Tensor } from "../core/values";
import type { View, ViewKind, ViewOf } from "../core/view";
import type { HeatMap } from "../core/views/patch-heat";
import { numbersIn } from "../../app/_editor/previews/heat/heat-map";
import { flat, floats, ids, runNode, testHost } from "#tests/kit/run-node";
import { trainTokenizer } from "../text/train-tokenizer";
import { tokenize } from "../text/tokenize";
import { beforeAfter } from "./before-after";
import { embeddingMap } from "./embedding-map";
import { patchHeat } from "./patch-heat";
import { patchSimilarity } from "./patch-similarity";
import { showTokens } from "./show-tokens";
import { tilesOverPictures } from "./tiles-over-pictures";

const host = await testHost();
const grey = (count: number, side = 4) => flat(side, side, Array<[number, number, number]>(count).fill([9, 9, 9]));

function of<K extends ViewKind>(kind: K, view: View): ViewOf<K> {
  expect(view.kind).toBe(kind);
  return view as unknown as ViewOf<K>;
}

/** The pixels of a stored picture. */
async function pixelsOf({ ref }: StoredImage, channels: 3 | 4 = 4) {
  const image = sharp(await host.get(ref));
  const { data } = await (channels === 4 ? image.ensureAlpha() : image.removeAlpha())
    .raw()
    .toBuffer({ resolveWithObject: true });
  return data;
}

/** The numbers of a map, as the browser reads them. */
const numbersOf = async ({ numbers, low, high }: HeatMap) => [
  ...numbersIn(new Uint8ClampedArray(await pixelsOf(numbers)), low, high),
];
const near = (numbers: readonly number[], digits = 3) => numbers.map((number) => expect.closeTo(number, digits));

describe("before and after", () => {
  it("pairs pictures up to the limit, and counts all", async () => {
    const after = flat(2, 8, [
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    const { view } = await runNode(beforeAfter, { before: grey(3), after }, { limit: 2 }, host);
    const { pairs, count } = of("before-after", view);
    expect(pairs.map((pair) => [pair.before.width, pair.after.width])).toEqual([
      [4, 8],
      [4, 8],
    ]);
    expect(count).toBe(3);
    expect([...(await pixelsOf((pairs[1] as { after: StoredImage }).after, 3)).subarray(0, 3)]).toEqual([2, 2, 2]);
  });
});

describe("heat over patches", () => {
  it("keeps numbers of a map to a part in 65,535, and marks where there is none", async () => {
    const values = floats([1, 4], [-2, 0.5, Number.NaN, 6]);
    const { view } = await runNode(patchHeat, { image: grey(1), values }, {}, host);
    const { grid, names, isFromTokens, pictures } = of("patch-heat", view);
    expect([grid, names, isFromTokens]).toEqual([[2, 2], ["map 0"], false]);
    expect(await numbersOf(pictures[0]?.maps[0] as HeatMap)).toEqual([...near([-2, 0.5]), Number.NaN, ...near([6])]);
  });

  it("of attention shows the mean of the heads and each of them, from every token to the patches", async () => {
    // One picture, two heads, a class token and one patch.
    const values = floats([1, 2, 2, 2], [0.1, 0.9, 0.2, 0.8, 0.5, 0.5, 0.4, 0.6]);
    const { view } = await runNode(patchHeat, { image: grey(1), values }, { before: 1 }, host);
    const { names, isFromTokens, before, pictures } = of("patch-heat", view);
    expect([names, isFromTokens, before]).toEqual([["mean of the heads", "head 0", "head 1"], true, 1]);
    const maps = await Promise.all((pictures[0]?.maps ?? []).map(numbersOf));
    expect(maps).toEqual([near([0.7, 0.7]), near([0.9, 0.8]), near([0.5, 0.6])]);
  });

  it("says what to do when the tokens are no square of patches", async () => {
    const wrong = runNode(patchHeat, { image: grey(1), values: floats([1, 5], [1, 2, 3, 4, 5]) }, {}, host);
    await expect(wrong).rejects.toMatchObject({
      message: "5 patches are no square.",
      hint: expect.stringContaining("set Tokens before to 1"),
    });
  });

  it("of tokens and texts are their cosines, and without texts those of each patch with each", async () => {
    const tokens = floats([1, 4, 2], [1, 0, 0, 2, 3, 3, -1, 0]);
    const input = { image: grey(1), tokens };
    const asked = await runNode(
      patchSimilarity,
      { ...input, query: floats([1, 2], [5, 0]), names: ["right"] },
      {},
      host,
    );
    const { names, pictures } = of("patch-heat", asked.view);
    expect(names).toEqual(["right"]);
    expect(await numbersOf(pictures[0]?.maps[0] as HeatMap)).toEqual(near([1, 0, Math.SQRT1_2, -1]));
    const own = of("patch-heat", (await runNode(patchSimilarity, input, {}, host)).view);
    expect([own.isFromTokens, own.pictures[0]?.maps[0]?.numbers.height]).toEqual([true, 4]);
    expect((await numbersOf(own.pictures[0]?.maps[0] as HeatMap)).slice(4, 8)).toEqual(near([0, 1, Math.SQRT1_2, 0]));
  });
});

describe("a map of embeddings", () => {
  /** Two groups of rows, far from each other. */
  const embedding = floats(
    [40, 60],
    Array.from({ length: 40 * 60 }, (_, i) => Math.sin(i * 12.9898) * 0.1 + (i < 20 * 60 ? 1 : -1) * ((i % 60) - 30)),
  );
  const label = Array.from({ length: 40 }, (_, i) => (i < 20 ? "left" : "right"));

  it.each(["PCA", "UMAP"])("by %s lays groups apart, with labels and small pictures", async (method) => {
    const image = flat(
      64,
      64,
      label.map((name) => (name === "left" ? [200, 0, 0] : [0, 0, 200])),
    );
    const { view } = await runNode(embeddingMap, { embedding, label, image }, { method, neighbours: 5 }, host);
    const map = of("embedding-map", view);
    expect([map.names, map.labels?.[39], map.count]).toEqual([["left", "right"], 1, 40]);
    const distance = (i: number, j: number) =>
      Math.hypot((map.x[i] ?? 0) - (map.x[j] ?? 0), (map.y[i] ?? 0) - (map.y[j] ?? 0));
    const within = Math.max(...[1, 5, 19].map((i) => distance(0, i)), ...[21, 25, 39].map((i) => distance(20, i)));
    expect(distance(0, 20)).toBeGreaterThan(within);
    expect(map.pictures).toMatchObject({ side: 32, columns: 7, image: { width: 7 * 32, height: 6 * 32 } });
    const atlas = await pixelsOf(map.pictures?.image as StoredImage, 3);
    expect([...atlas.subarray(0, 3)]).toEqual([200, 0, 0]);
    const last = ((5 * 32 + 16) * 7 * 32 + 4 * 32 + 16) * 3; // the middle of picture 39
    expect([...atlas.subarray(last, last + 3)]).toEqual([0, 0, 200]);
    const again = await runNode(embeddingMap, { embedding, label, image }, { method, neighbours: 5 }, host);
    expect(again.view).toEqual(view);
  });

  it("shows an evenly drawn part of many rows, and says so", async () => {
    const warnings: string[] = [];
    const telling = { ...host, warn: (message: string) => void warnings.push(message) };
    const { view } = await runNode(embeddingMap, { embedding }, { limit: 10 }, telling);
    expect([of("embedding-map", view).x.length, warnings]).toEqual([10, ["Points: 10 of 40, evenly drawn."]]);
  });

  it("refuses what is no number, and says where to look", async () => {
    const wrong = runNode(embeddingMap, { embedding: floats([1, 2], [1, Number.NaN]) }, {}, host);
    await expect(wrong).rejects.toThrow("holds NaN");
  });
});

describe("tokens", () => {
  it("have their ids, what is masked, and the letters they cover", async () => {
    const text = ["a red boat", "a"];
    const { tokenizer } = await runNode(trainTokenizer, { text: [text] }, { vocabulary: 540 }, host);
    const given = await runNode(tokenize, { text, tokenizer }, { packing: "own", length: 16, offsets: true }, host);
    const { ids: numbers, mask, offsets } = given as unknown as Record<string, Tensor>;
    const { view } = await runNode(showTokens, { ids: numbers, tokenizer, mask, offsets, text }, {}, host);
    const { rows, length, count } = of("tokens", view);
    expect([length, count, rows.map((row) => row.text)]).toEqual([16, 2, text]);
    const covered = rows[0]?.tokens.flatMap(({ span }) => (span ? [text[0]?.slice(...span)] : []));
    expect(covered?.join("").replaceAll(" ", "")).toBe("aredboat");
    expect(rows[0]?.tokens.map(({ id }) => id)).toEqual(
      [...(numbers?.data ?? [])].slice(0, rows[0]?.tokens.length).map(Number),
    );
    expect((rows[1]?.tokens.length ?? 0) + (rows[1]?.hidden ?? 0)).toBe(16);
  });

  it("that the mask leaves out in the middle are shown as such", async () => {
    const { tokenizer } = await runNode(trainTokenizer, { text: [["a b"]] }, { vocabulary: 520 }, host);
    const input = { ids: ids([1, 4], [1, 2, 3, 0]), mask: ids([1, 4], [1, 0, 1, 0]), tokenizer };
    const { rows } = of("tokens", (await runNode(showTokens, input, {}, host)).view);
    expect(rows[0]?.tokens.map(({ isOff }) => isOff ?? false)).toEqual([false, true, false]);
    expect(rows[0]?.hidden).toBe(1);
  });
});

describe("tiles over pictures", () => {
  const tilesOf = async (params: object, grid?: Tensor) => {
    const given = await runNode(tilesOverPictures, { image: grey(1, 50), grid }, { patch: 8, ...params }, host);
    return of("tiles", given.view).pictures[0]?.drawing;
  };
  it("are patches, and what no patch covers is told", async () => {
    const drawing = await tilesOf({ by: "patches" });
    expect(drawing?.tiles).toHaveLength(36);
    expect(drawing?.text).toBe("6 × 6 patches of 8 px; 2 px at the right and 2 px below belong to none.");
  });
  it("are windows, moved by a shift with cut ones at the edges", async () => {
    const drawing = await tilesOf({ by: "windows", window: 4, shift: 2 });
    expect(drawing?.tiles.slice(0, 3).map(({ left, width, height }) => [left, width, height])).toEqual([
      [0, 16, 16],
      [16, 32, 16],
      [0, 16, 32],
    ]);
    expect(drawing?.text).toContain("2 × 2 windows in 6 × 6 patches");
  });
  it("are the grid that a node gives, and a wrong one is named", async () => {
    const drawing = await tilesOf({ by: "grid" }, ids([1, 2], [2, 5]));
    expect(drawing?.tiles.at(-1)).toEqual({ left: 40, top: 25, width: 10, height: 25 });
    await expect(tilesOf({ by: "grid" }, ids([1, 2], [0, 5]))).rejects.toThrow("Row 0 of “grid” is 0 × 5");
    await expect(tilesOf({ by: "grid" })).rejects.toThrow("nothing is wired");
  });
});

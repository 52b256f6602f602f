import { describe, expect, it } from "vitest";
import { flat, floats, ids, runNode, runTensorNode } from "#tests/kit/run-node";
import { minMaxResize } from "../image/min-max-resize";
import { choosePatches } from "./choose-patches";
import { chooseRows } from "./choose-rows";
import { drawHalves } from "./draw-halves";
import { pictureTokens } from "./picture-tokens";
import { shuffleRows } from "./shuffle-rows";

const side = 4;
/** A canvas of 2 × 4 pixels' patches of one pixel, of which so many rows and columns are picture. */
const canvas = (rows: number, columns: number) =>
  Array.from({ length: 3 * side * side }, (_, i) => {
    const [y, x] = [Math.floor((i % (side * side)) / side), i % side];
    return y < rows && x < columns ? 1 : 0;
  });
const pixels = floats([2, 3, side, side], [...canvas(2, 3), ...canvas(4, 4)]);
const numbers = (tensor: { data: ArrayLike<number | bigint> } | undefined) => Array.from(tensor?.data ?? [], Number);

describe("pictures of several sizes", () => {
  it("have positions stretched over their own grids, corners on corners, and none outside", async () => {
    const width = 8;
    const place = (x: number) => Array<number>(width).fill(x);
    const weights = {
      "patch_embed.proj.weight": Array<number>(width * 3).fill(0),
      "patch_embed.proj.bias": place(0),
      cls_token: place(0),
      // The class token, then a grid of two: columns differ by 1, rows by 10.
      pos_embed: [...place(100), ...place(0), ...place(1), ...place(10), ...place(11)],
    };
    const { outputs } = await runTensorNode(pictureTokens, { pixels }, { patch: 1, width, grid: 2 }, { weights });
    const firsts = numbers(outputs.tokens).filter((_, i) => i % width === 0);
    const third = 1 / 3;
    const row = (y: number) => [y, y + third, y + 2 * third, y + 1];
    const expected = [100, 0, 0.5, 1, 0, 10, 10.5, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const whole = [100, ...[0, 10 * third, 20 * third, 10].flatMap(row)];
    for (const [i, value] of [...expected, ...whole].entries()) expect(firsts[i], `${i}`).toBeCloseTo(value, 4);
    expect(numbers(outputs.mask).slice(0, 17)).toEqual([1, 1, 1, 1, 0, 1, 1, 1, ...Array<number>(9).fill(0)]);
  });
  it("give their own patches first, the largest draws before others, at most so many", async () => {
    const draws = floats(
      [2, 16],
      [...Array(2).keys()].flatMap(() => Array.from({ length: 16 }, (_, i) => i / 16)),
    );
    const { outputs } = await runTensorNode(choosePatches, { pixels, draws }, { patch: 1, most: 7 });
    expect(numbers(outputs.chosen)).toEqual([6, 5, 4, 2, 1, 0, 15, 15, 14, 13, 12, 11, 10, 9]);
  });
  it.each([
    [640, 480, 16, 12],
    [1000, 600, 19, 11],
    [500, 500, 12, 12],
  ])("of %i × %i become %i × %i patches of 32", async (width, height, columns, rows) => {
    const { pixels } = await runNode(minMaxResize, { image: flat(height, width, [[200, 10, 10]]) });
    expect(pixels.shape).toEqual([1, 3, rows * 32, columns * 32]);
    const { types } = await runTensorNode(pictureTokens, { pixels }, { width: 8 });
    expect(types.mask).toEqual([1, 1 + rows * columns]);
  });
  it("lie at the top left of a canvas that is given", async () => {
    const image = flat(16, 16, [[255, 255, 255]]);
    const { pixels } = await runNode(minMaxResize, { image }, { shorter: 16, multiple: 8, canvas: 32 });
    expect(pixels.shape).toEqual([1, 3, 32, 32]);
    const [first, ...line] = numbers(pixels).slice(0, 32);
    expect([first, line[14], line[15]]).toEqual([1, 1, 0]);
    await expect(runNode(minMaxResize, { image }, { shorter: 64, multiple: 8, canvas: 32 })).rejects.toThrow("canvas");
  });
});

describe("pictures of other texts", () => {
  const draws = floats([4], [0.7, 0.1, 0.9, 0.1]);
  const rows = floats([4, 1], [0, 1, 2, 3]);
  it("are the batch's in another order, each once, as drawn", async () => {
    expect(numbers((await runTensorNode(shuffleRows, { rows, draws })).outputs.rows)).toEqual([2, 0, 3, 1]);
  });
  it("stand with half of the texts", async () => {
    expect(numbers((await runTensorNode(drawHalves, { draws })).outputs.labels)).toEqual([0, 1, 0, 1]);
    const five = floats([5], [0.5, 0.4, 0.3, 0.2, 0.1]);
    expect(numbers((await runTensorNode(drawHalves, { draws: five })).outputs.labels)).toEqual([0, 0, 0, 1, 1]);
  });
  it("are taken where the label is not 1", async () => {
    const second = floats([4, 1], [10, 11, 12, 13]);
    const { outputs } = await runTensorNode(chooseRows, { labels: ids([4], [0, 1, 0, 1]), first: rows, second });
    expect(numbers(outputs.rows)).toEqual([10, 1, 12, 3]);
  });
});

import { describe, expect, it } from "vitest";
import { ids, runNode, testHost } from "#tests/kit/run-node";
import type { Tensor } from "../core/values";
import { placeImages } from "./place-images";

const place = -200;
const rowsOf = ({ shape: [rows = 0, length = 0], data }: Tensor): number[][] =>
  Array.from({ length: rows }, (_, row) => Array.from(data.slice(row * length, (row + 1) * length), Number));
const packed = (counts: readonly number[], numbers: readonly number[]): Tensor => ({
  ...ids([numbers.length], numbers),
  counts,
});

describe("Image places", () => {
  it("repeats each placeholder as often as its picture has tokens, and asks for none of them", async () => {
    const given = await runNode(placeImages, {
      ids: ids([3, 4], [1, place, 2, 3, place, 4, place, 5, 6, 7, 8, 9]),
      tokens: packed([1, 2, 0], [3, 2, 1]),
    });
    expect(rowsOf(given.ids)).toEqual([
      [1, place, place, place, 2, 3],
      [place, place, 4, place, 5, 0],
      [6, 7, 8, 9, 0, 0],
    ]);
    expect(rowsOf(given.mask)).toEqual([
      [1, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, 0],
      [1, 1, 1, 1, 0, 0],
    ]);
    expect(rowsOf(given.labels)[0]).toEqual([1, -100, -100, -100, 2, 3]);
    expect(rowsOf(given.labels)[2]).toEqual([6, 7, 8, 9, -100, -100]);
    expect(rowsOf(given.positions)[1]).toEqual([0, 1, 2, 3, 4, 0]);
  });

  it("of 5 ids, a picture of n tokens and 7 ids makes 12 + n, n of them without a label", async () => {
    const text = [...Array(5).fill(9), place, ...Array(7).fill(9)] as number[];
    const given = await runNode(placeImages, { ids: ids([1, 13], text), tokens: packed([1], [729]) });
    expect(given.ids.shape).toEqual([1, 12 + 729]);
    expect(rowsOf(given.labels)[0]?.filter((label) => label === -100)).toHaveLength(729);
  });

  it("leaves out padding, whichever side it is on, and pads as it is asked to", async () => {
    const inputs = {
      ids: ids([2, 4], [0, 0, place, 1, 2, place, 3, 0]),
      mask: ids([2, 4], [0, 0, 1, 1, 1, 1, 1, 0]),
      labels: ids([2, 4], [-100, -100, -100, 1, -100, -100, 3, -100]),
      tokens: packed([1, 1], [2, 1]),
    };
    const left = await runNode(placeImages, inputs, { side: "left", filler: 7 });
    expect(rowsOf(left.ids)).toEqual([
      [place, place, 1],
      [2, place, 3],
    ]);
    const long = await runNode(placeImages, inputs, { side: "left", padding: "length", length: 5, filler: 7 });
    expect(rowsOf(long.ids)[0]).toEqual([7, 7, place, place, 1]);
    expect(rowsOf(long.labels)[1]).toEqual([-100, -100, -100, -100, 3]);
    expect(rowsOf(long.mask)[0]).toEqual([0, 0, 1, 1, 1]);
    const many = { ids: ids([1, 2], [place, 1]), tokens: packed([1], [8]) };
    expect((await runNode(placeImages, many, { padding: "rounded" })).ids.shape).toEqual([1, 10]);
    expect((await runNode(placeImages, many, { padding: "rounded", length: 9 })).ids.shape).toEqual([1, 9]);
  });

  it("cuts what is longer than it may be at the right", async () => {
    const given = await runNode(
      placeImages,
      { ids: ids([1, 3], [1, place, 2]), tokens: packed([1], [4]) },
      { length: 3 },
    );
    expect(rowsOf(given.ids)).toEqual([[1, place, place]]);
  });

  it("tells which row has places without pictures, pictures without places, or none at all", async () => {
    const complaint = async (row: number[], counts: number[]) => {
      const tokens = packed(counts, Array(counts.reduce((sum, count) => sum + count, 0)).fill(2));
      const inputs = { ids: ids([counts.length, row.length / counts.length], row), tokens };
      return runNode(placeImages, inputs).catch((error: Error & { hint: string }) => `${error.message} ${error.hint}`);
    };
    expect(await complaint([1, 2, 1, place], [0, 2])).toMatch(
      /^Row 2 has 1 place for pictures \(token -200\), and 2 pictures\. Write an <image>/,
    );
    expect(await complaint([place, place], [1])).toMatch(/^Row 1 has 2 places .* 1 picture\. Give the row a picture/);
    expect(await complaint([1, 2], [1])).toMatch(/^Row 1 has 1 picture and no place for any: no token -200/);
    await expect(runNode(placeImages, { ids: ids([2, 1], [1, 2]), tokens: packed([0], []) })).rejects.toThrow(
      "There are 2 rows of ids, and pictures of 1.",
    );
  });

  describe("a row whose template cut it before a picture", () => {
    const inputs = {
      ids: ids([3, 3], [1, place, 2, 3, 4, 5, place, 6, place]),
      tokens: packed([1, 1, 1], [2, 2, 3]),
      names: ["row 4 of “train.json”", "row 5 of “train.json”", "row 9 of “train.json”"],
    };
    it("stops the run, which names it and the others by their place in the data", async () => {
      await expect(runNode(placeImages, inputs)).rejects.toThrow(
        "Row 5 of “train.json” has 1 picture and no place for any: no token -200 is in it. Nor do these fit: " +
          "row 9 of “train.json” has 2 places for pictures (token -200), and 1 picture.",
      );
      await expect(runNode(placeImages, { ...inputs, names: undefined })).rejects.toThrow("Row 2 has 1 picture");
    });
    it("is left out where that is asked for: counted, without a place, and nothing is learned from it", async () => {
      const warnings: string[] = [];
      const host = await testHost({ onWarn: (message) => warnings.push(message) });
      const given = await runNode(placeImages, inputs, { bad: "leave out" }, host);
      expect(warnings).toEqual([
        "2 of 3 rows cannot be used, and are left out, so that nothing is learned from them: " +
          "row 5 of “train.json” has 1 picture and no place for any: no token -200 is in it; " +
          "row 9 of “train.json” has 2 places for pictures (token -200), and 1 picture.",
      ]);
      expect(rowsOf(given.ids)).toEqual([
        [1, place, place, 2],
        [3, 4, 5, 0],
        [6, 0, 0, 0],
      ]);
      expect(rowsOf(given.labels).slice(1).flat()).toEqual(Array(8).fill(-100));
      expect(rowsOf(given.labels)[0]).toEqual([1, -100, -100, 2]);
    });
    it("names no more than ten", async () => {
      const many = { ids: ids([12, 1], Array(12).fill(1)), tokens: packed(Array(12).fill(1), Array(12).fill(2)) };
      const message = await runNode(placeImages, many).catch((error: Error) => error.message);
      expect(message).toMatch(/row 10 has 1 picture [^;]*; and 2 more\.$/);
    });
  });
});

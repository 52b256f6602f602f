import { describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { flat, runNode } from "#tests/kit/run-node";
import { candidates } from "./candidates";
import { rerankedRecall } from "./reranked-recall";

const floats = (rows: readonly (readonly number[])[]): Tensor => ({
  dtype: "float32",
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float32Array.from(rows.flat()),
});
/** Three directions, of which picture 0 is nearest to text 1, and its own text comes second. */
const images = floats([
  [0.6, 0.8, 0],
  [0, 1, 0],
  [0, 0, 1],
]);
const texts = floats([
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]);
const image = flat(2, 2, [
  [10, 0, 0],
  [20, 0, 0],
  [30, 0, 0],
]);
const text = ["zero", "one", "two"];

describe("Reranked recall", () => {
  it("has for each picture the nearest texts, and for each text the nearest pictures, as rows", async () => {
    const found = await runNode(candidates, { image, text, images, texts }, { k: 2 });
    expect(found.text).toEqual([
      ...["one", "zero", "one", "zero", "two", "zero"],
      ...["zero", "zero", "one", "one", "two", "two"],
    ]);
    const pairs = Array.from({ length: 12 }, (_, row) =>
      Array.from((found.pair.data as BigInt64Array).subarray(row * 3, row * 3 + 3), Number),
    );
    expect(pairs.slice(0, 2)).toEqual([
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(pairs.slice(6, 8)).toEqual([
      [1, 0, 0],
      [1, 0, 1],
    ]);
    const reds = (found.image as { pixels: Tensor }).pixels;
    const ofRows = Array.from({ length: 12 }, (_, row) => reds.data[row * 12]);
    expect(ofRows).toEqual([10, 10, 20, 20, 30, 30, 10, 20, 20, 10, 30, 10]);
  });
  it("is that of the matching scores, among the candidates alone", async () => {
    const { pair } = await runNode(candidates, { image, text, images, texts }, { k: 2 });
    const asked = Array.from({ length: 12 }, (_, row) => (pair.data as BigInt64Array).subarray(row * 3, row * 3 + 3));
    const sure = floats(asked.map(([, query, candidate]) => (query === candidate ? [0, 1] : [0.5, 0])));
    const reranked = await runNode(rerankedRecall, { logits: sure, pair });
    expect([reranked.imageToText1, reranked.textToImage1]).toEqual([1, 1]);
    const blind = floats(asked.map(() => [0, 0]));
    const tied = await runNode(rerankedRecall, { logits: blind, pair });
    expect([tied.imageToText1, tied.imageToText5]).toEqual([0, 1]);
    const one = await runNode(candidates, { image, text, images, texts }, { k: 1 });
    const few = floats([...Array(6).keys()].map(() => [0, 1]));
    const missed = await runNode(rerankedRecall, { logits: few, pair: one.pair });
    expect(missed.imageToText10).toBeCloseTo(2 / 3, 6); // picture 0 asked text 1 alone
    expect(missed.textToImage1).toBe(1);
  });
});

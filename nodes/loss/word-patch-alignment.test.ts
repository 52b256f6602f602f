import { describe, expect, it } from "vitest";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { wordPatchAlignment } from "./word-patch-alignment";

// [CLS], two words, [SEP], padding; class token, two patches, a masked one. The words are the patches, turned round.
const word = [
  [1, 0, 0],
  [0, 1, 0],
];
const text = floats([1, 5, 3], [[9, 9, 9], word[0], word[1], [5, 5, 5], [7, 7, 7]].flat() as number[]);
const image = floats([1, 4, 3], [[8, 8, 8], word[1], word[0], [6, 6, 6]].flat() as number[]);
const inputs = { text, textMask: ids([1, 5], [1, 1, 1, 1, 0]), image, imageMask: ids([1, 4], [1, 1, 1, 0]) };
const run = (params = {}, labels = [1]) =>
  runTensorNode(wordPatchAlignment, { ...inputs, labels: ids([1], labels) }, params);

describe("word-patch alignment", () => {
  it("costs 1 − cosine between words and patches alone", async () => {
    const { outputs } = await run();
    const cost = Array.from({ length: 5 }, (_, i) =>
      Array.from(outputs.cost?.data.slice(4 * i, 4 * i + 4) ?? [], Number),
    );
    expect(cost.map((row) => row.map((x) => Number(x.toFixed(5))))).toEqual([
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });
  it("finds the plan that moves each word to its patch, at no cost", async () => {
    const { outputs } = await run({ steps: 200 });
    const plan = Array.from(outputs.plan?.data ?? [], Number);
    expect(plan.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 5);
    // Rows are patches, columns words: patch 1 is word 2, patch 2 is word 1.
    expect([plan[1 * 5 + 2], plan[2 * 5 + 1]]).toEqual([expect.closeTo(0.5, 5), expect.closeTo(0.5, 5)]);
    expect(outputs.distance?.data[0]).toBeCloseTo(0, 5);
  });
  it("is nearer to the optimum the more steps it takes, and counts against pairs that do not match", async () => {
    const few = Number((await run({ steps: 1 })).outputs.distance?.data[0]);
    const more = Number((await run({ steps: 5 })).outputs.distance?.data[0]);
    expect(more).toBeLessThan(few);
    expect((await run({ steps: 1 }, [0])).outputs.loss?.data[0]).toBeCloseTo(-few, 6);
  });
});

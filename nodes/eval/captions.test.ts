import { describe, expect, it } from "vitest";
import { flat, runNode } from "#tests/kit/run-node";
import { captions } from "./captions";

const said = {
  caption: ["a red circle", "a dog on a mat", "a blue square"],
  reference: ["a red circle", '[{"caption": "a cat on a mat"}, "the cat"]', '["two green triangles"]'],
};

describe("Caption evaluation", () => {
  it("compares each caption with its references", async () => {
    const { cider, bleu4, rougeL, bleu, scores } = await runNode(captions, said);
    expect([...scores.data].map((score) => Number(score) > 0)).toEqual([true, true, false]);
    expect(cider).toBeGreaterThan(0);
    expect(bleu.data[0]).toBeCloseTo(7 / 11, 6);
    expect(bleu4).toBeLessThan(bleu.data[0] as number);
    expect(rougeL).toBeCloseTo((1 + 0.8) / 3, 6);
  });
  it("shows the rows that came least near, worst first", async () => {
    const image = flat(2, 2, [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ]);
    const { worst } = await runNode(captions, { ...said, image }, { shown: 2 });
    expect(worst.captions).toEqual([
      "a blue square\nright: two green triangles\nROUGE-L 0.000",
      "a dog on a mat\nright: a cat on a mat | the cat\nROUGE-L 0.800",
    ]);
    expect(worst.images).toHaveLength(2);
  });
  it("names a row whose references are none", async () => {
    await expect(runNode(captions, { caption: ["a"], reference: ["[]"] })).rejects.toThrow(/Row 1 has an empty list/);
    await expect(runNode(captions, { caption: ["a"], reference: ["[true]"] })).rejects.toThrow(/Row 1 .*no text/);
  });
});

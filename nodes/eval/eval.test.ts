import { describe, expect, it } from "vitest";
import { floats, runNode, testHost } from "#tests/kit/run-node";
import { accuracy } from "./accuracy";
import { retrieval } from "./retrieval";
import { search } from "./search";
import { zeroShotClassifier } from "./zero-shot-classifier";

const labels = ["cat", "dog", "cow"];
const logits = floats([2, 3], [2, 1, 0, 1, 3, 2]);

describe("zero-shot classifier", () => {
  it("ranks labels by their softmax", async () => {
    const { label, ranking } = await runNode(zeroShotClassifier, { logits, labels, truth: ["cat", "cow"] }, { top: 2 });
    expect(label).toEqual(["cat", "dog"]);
    const total = Math.exp(0) + Math.exp(1) + Math.exp(2);
    expect(ranking.items[0]?.labels.map((l) => l.label)).toEqual(["cat", "dog"]);
    expect(ranking.items[0]?.labels[0]?.score).toBeCloseTo(Math.exp(2) / total, 6);
    expect(ranking.items[1]?.truth).toBe("cow");
  });
  it("says when labels and columns differ", async () => {
    await expect(runNode(zeroShotClassifier, { logits, labels: ["a"] })).rejects.toThrow(
      "There are 1 labels, and the logits have 3 columns.",
    );
  });
});

describe("accuracy", () => {
  it("counts what comes first, and does not count ties", async () => {
    expect(await runNode(accuracy, { logits, labels, truth: ["cat", "cow"] })).toEqual({
      top1: 0.5,
      top5: 1,
      candidates: 3,
      chance: 1 / 3,
    });
    expect((await runNode(accuracy, { logits: floats([1, 3], [1, 1, 1]), labels, truth: ["cat"] })).top1).toBe(0);
  });
  it("refuses two right answers and answers that are not among the labels", async () => {
    await expect(runNode(accuracy, { logits, labels: ["a", "a", "b"], truth: ["a", "b"] })).rejects.toThrow(
      "A label occurs twice",
    );
    await expect(runNode(accuracy, { logits, labels, truth: ["cat", "fox"] })).rejects.toThrow(
      "The right label “fox” of picture 2",
    );
  });
});

describe("retrieval", () => {
  it("gives recall both ways", async () => {
    // Image 0 finds its text first, image 1 second, image 2 first; text 1 is best for image 1.
    const result = await runNode(retrieval, { logits: floats([3, 3], [9, 1, 2, 8, 7, 3, 0, 1, 5]) });
    expect(result.imageToText1).toBeCloseTo(2 / 3);
    expect(result.imageToText5).toBe(1);
    expect(result.textToImage1).toBe(1);
    expect(result.chart.x.values).toEqual([1, 2, 3]);
  });
  it("needs pairs", async () => await expect(runNode(retrieval, { logits })).rejects.toThrow("2 images and 3 texts"));
});

describe("search", () => {
  it("gives the best pictures of each text", async () => {
    const host = await testHost();
    const file = (name: string) => ({ ref: "0".repeat(64), width: 1, height: 1, name });
    const { gallery } = await runNode(
      search,
      { logits: floats([3, 1], [0.1, 0.9, 0.5]), image: { files: ["a", "b", "c"].map(file) }, query: ["q"] },
      { top: 2 },
      host,
    );
    expect(gallery.captions).toEqual(["q: b", "q: c"]);
  });
});

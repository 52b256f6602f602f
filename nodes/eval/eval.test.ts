import { describe, expect, it } from "vitest";
import { floats, ids, runNode, testHost } from "#tests/kit/run-node";
import { random } from "#models/random";
import type { Tensor } from "#nodes/core/values";
import { accuracy } from "./accuracy";
import { retrieval } from "./retrieval";
import { perplexity } from "./perplexity";
import { search } from "./search";
import { searchTexts } from "./search-texts";
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
  it("gives the label of every picture, and ranks only as many as are shown", async () => {
    const rows = 2500;
    const data = Float32Array.from({ length: rows * 3 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const truth = Array.from({ length: rows }, (_, row) => (row % 2 ? "dog" : "cat"));
    const input = { logits: { dtype: "float32", shape: [rows, 3], data } as Tensor, labels, truth };
    const { label, ranking } = await runNode(zeroShotClassifier, input);
    expect(label).toEqual(Array(rows).fill("cat"));
    expect(ranking.items).toHaveLength(2000);
    expect(ranking.items.slice(0, 3).map((item) => item.truth)).toEqual(["cat", "dog", "cat"]);
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
  it("gives in blocks of embeddings what the matrix of all scores gives, and counts equal partners", async () => {
    // More rows than a block has; some are twice there, in one block and in another.
    const count = 2100;
    const width = 4;
    const draw = random(0, "embeddings");
    const numbers = () => Float32Array.from({ length: count * width }, () => draw.normal());
    const [images, texts] = [numbers(), numbers()];
    for (const [copy, row] of [
      [5, 7],
      [2099, 8],
    ] as const) {
      texts.copyWithin(copy * width, row * width, (row + 1) * width);
    }
    const scores = new Float32Array(count * count);
    const matrix = (data: Float32Array): Tensor => ({ dtype: "float32", shape: [count, width], data });
    const host = await testHost();
    for (let start = 0; start < count; start += 700) {
      const some = images.subarray(start * width, (start + 700) * width);
      const rows = await host.products({ dtype: "float32", shape: [700, width], data: some }, matrix(texts));
      scores.set(rows.data as Float32Array, start * count);
    }
    const whole = await runNode(retrieval, { logits: { dtype: "float32", shape: [count, count], data: scores } });
    expect(await runNode(retrieval, { images: matrix(images), texts: matrix(texts) })).toEqual(whole);
    const aligned = await runNode(retrieval, { images: matrix(texts), texts: matrix(texts) });
    expect(1 - aligned.textToImage1).toBeGreaterThanOrEqual(4 / count);
  });
  it("needs pairs, and something to compare", async () => {
    await expect(runNode(retrieval, { logits })).rejects.toThrow("2 images and 3 texts");
    await expect(runNode(retrieval, { images: floats([2, 1], [1, 2]), texts: floats([1, 1], [1]) })).rejects.toThrow(
      "2 images and 1 texts",
    );
    await expect(runNode(retrieval, {})).rejects.toThrow("Neither logits nor the embeddings");
  });
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

describe("perplexity", () => {
  const logits = floats([2, 3, 2], [0, Math.log(3), 2, 2, 9, 9, Math.log(3), 0, 5, 1, 9, 9]);
  const measured = (labels: number[], mask?: number[]) =>
    runNode(perplexity, { logits, labels: ids([2, 3], labels), ...(mask ? { mask: ids([2, 3], mask) } : {}) });
  it("is the exponential of the mean surprise at each next label that counts, over all rows", async () => {
    const { loss, perplexity: value, accuracy, tokens } = await measured([0, 1, 0, 0, 1, -100]);
    // 3/4 for the right one, 1/2 in a tie, 1/4
    const mean = -Math.log((3 / 4) * (1 / 2) * (1 / 4)) / 3;
    expect(loss).toBeCloseTo(mean, 6);
    expect(value).toBeCloseTo(Math.exp(mean), 5);
    expect(accuracy).toBeCloseTo(1 / 3, 6);
    expect(tokens).toBe(3);
    expect((await measured([0, 1, 0, 0, 1, -100], [1, 1, 0, 1, 0, 0])).loss).toBeCloseTo(Math.log(4 / 3), 6);
  });
  it("is refused where no label counts, or one is beyond the scores", async () => {
    await expect(measured([0, -100, -100, 0, -100, -100])).rejects.toThrow("nothing to measure");
    await expect(measured([0, 2, 0, 0, 0, 0])).rejects.toThrow("The label 2 is none of the 2 tokens");
  });
});

describe("search texts", () => {
  it("gives the nearest texts of each query by their cosine, best first", async () => {
    const { found, ranking } = await runNode(
      searchTexts,
      {
        embeddings: floats([3, 2], [10, 0, 0, 1, 3, 4]),
        text: ["right", "up", "between"],
        queries: floats([2, 2], [2, 0, 0, 0.5]),
        query: ["east", "north"],
      },
      { top: 2 },
    );
    expect(found).toEqual(["right", "up"]);
    expect(ranking.items.map(({ name, labels }) => [name, ...labels.map(({ label }) => label)])).toEqual([
      ["east", "right", "between"],
      ["north", "up", "between"],
    ]);
    expect(ranking.items[0]?.labels[1]?.score).toBeCloseTo(0.6, 6);
  });
});

import { describe, expect, it } from "vitest";
import { flat, runNode } from "#tests/kit/run-node";
import { vqa } from "./vqa";

const asked = {
  answer: ["red", "Two", "dog", ""],
  truth: ["Red", '["2", "two"]', "cat", '["circle"]'],
  question: ["Which colour?", "How many?", "Which animal?", "Which shape?"],
  type: ["colour", "count", "what", "what"],
};

describe("VQA evaluation", () => {
  it("gives the mean, that of each type, and of each question", async () => {
    const { score, byType, scores, questions } = await runNode(vqa, asked);
    expect(score).toBe(0.5);
    expect(questions).toBe(4);
    expect([...scores.data]).toEqual([1, 1, 0, 0]);
    expect(byType.items).toEqual([
      { name: "what", labels: [{ label: "2 questions", score: 0 }] },
      { name: "colour", labels: [{ label: "1 question", score: 1 }] },
      { name: "count", labels: [{ label: "1 question", score: 1 }] },
    ]);
  });
  it("shows wrong cases with picture, question, answer and truth, as many as are asked for", async () => {
    const images = flat(2, 2, [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [9, 9, 9],
    ]);
    const { wrong } = await runNode(vqa, { ...asked, image: images });
    expect(wrong.captions).toEqual([
      "Which animal?\nanswer: dog\nright: cat",
      "Which shape?\nanswer: –\nright: circle",
    ]);
    expect(wrong.images).toHaveLength(2);
    expect((await runNode(vqa, { ...asked, image: images }, { shown: 1 })).wrong.images).toHaveLength(1);
    expect((await runNode(vqa, asked)).wrong.images).toHaveLength(0);
    // Rows with several pictures, one, or none: the first one is shown.
    const packed = { ...images, counts: [1, 0, 3, 0] };
    const some = (await runNode(vqa, { ...asked, image: packed })).wrong;
    expect(some.captions).toEqual(["Which animal?\nanswer: dog\nright: cat"]);
    expect(some.images).toEqual([wrong.images[0]].map(() => expect.anything()));
  });
  it("gives over chunks of rows what it gives at once", async () => {
    const { reduce } = vqa as never as {
      reduce: { start(c: unknown): { add(c: unknown, n: number): Promise<void>; finish(): unknown } };
    };
    const params = { measure: "ANLS", compare: "without case", tolerance: 0.05, threshold: 0.5, shown: 9 };
    const reducer = reduce.start({ host: {}, params });
    const cut = (from: number, to: number) =>
      Object.fromEntries(Object.entries(asked).map(([name, rows]) => [name, rows.slice(from, to)]));
    await reducer.add(cut(0, 3), 0);
    await reducer.add(cut(3, 4), 3);
    expect(reducer.finish()).toEqual(await runNode(vqa, asked, params));
  });
  it("reads annotations as VQA has them, and asks for several annotators", async () => {
    const annotations = JSON.stringify(
      ["cat", "cat", "cat", "cat", "dog"].map((answer, answer_id) => ({ answer, answer_id })),
    );
    const measure = "VQA accuracy";
    expect((await runNode(vqa, { answer: ["the cat"], truth: [annotations] }, { measure })).score).toBe(1);
    await expect(runNode(vqa, { answer: ["cat"], truth: ["cat"] }, { measure })).rejects.toThrow(
      "Question 1 has one right answer",
    );
    await expect(runNode(vqa, { answer: ["cat"], truth: ["[true]"] })).rejects.toThrow("which is no text");
    await expect(runNode(vqa, { answer: ["cat"], truth: ["[]"] })).rejects.toThrow("empty list");
  });
});

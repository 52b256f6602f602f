import { describe, expect, it } from "vitest";
import { flat, floats, ids, runNode, runTensorNode } from "#tests/kit/run-node";
import { sequenceLikelihood } from "./sequence-likelihood";
import { vqaChoice } from "./vqa-choice";
import { vqaOptions } from "./vqa-options";

describe("sequence likelihood", () => {
  it("adds up log p of the labelled tokens of each row", async () => {
    // Two rows of three places, two words: odds of 3 to 1, even, 1 to 3; the last place foresees nothing.
    const odds = [0, Math.log(3), 0, 0, 9, 9, Math.log(3), 0, 0, 0, 9, 9];
    const { outputs } = await runTensorNode(sequenceLikelihood, {
      logits: floats([2, 3, 2], odds),
      labels: ids([2, 3], [-100, 1, 0, -100, 1, -100]),
    });
    expect(outputs.likelihood?.data[0]).toBeCloseTo(Math.log(3 / 4) + Math.log(1 / 2), 6);
    expect(outputs.likelihood?.data[1]).toBeCloseTo(Math.log(1 / 4), 6);
    expect([...(outputs.tokens?.data ?? [])]).toEqual([2, 1]);
  });
});

describe("options as rows", () => {
  const asked = {
    question: ["Which colour?", "How many?\n<image>"],
    options: ['["red", "blue"]', "one\ntwo\nthree"],
    truth: ["blue", "C"],
  };
  it("gives a conversation for each option, with the question's pictures", async () => {
    const images = {
      ...flat(1, 1, [
        [1, 0, 0],
        [2, 0, 0],
        [3, 0, 0],
      ]),
      counts: [2, 1],
    };
    const made = await runNode(vqaOptions, { ...asked, images });
    expect(made.row).toEqual(["1", "1", "2", "2", "2"]);
    expect(made.option).toEqual(["red", "blue", "one", "two", "three"]);
    expect(made.truth).toEqual(["blue", "blue", "three", "three", "three"]);
    expect(JSON.parse(made.conversation[1] as string)).toEqual([
      { from: "human", value: "<image>\n<image>\nWhich colour?" },
      { from: "gpt", value: "blue" },
    ]);
    expect(JSON.parse(made.conversation[2] as string)[0].value).toBe("How many?\n<image>");
    expect(made.images.counts).toEqual([2, 2, 1, 1, 1]);
    const { pixels } = made.images as { pixels: { data: Uint8Array } };
    expect([...pixels.data].filter((_, i) => i % 3 === 0)).toEqual([1, 2, 1, 2, 3, 3, 3]);
  });
  it("lists the options and asks for a letter", async () => {
    const made = await runNode(vqaOptions, asked, { answers: "their letters", instruction: "Say the letter." });
    expect(JSON.parse(made.conversation[1] as string)).toEqual([
      { from: "human", value: "Which colour?\nA. red\nB. blue\nSay the letter." },
      { from: "gpt", value: "B" },
    ]);
  });
  it("says which question has no choice, or no right option", async () => {
    await expect(runNode(vqaOptions, { ...asked, options: ["red", "one\ntwo"] })).rejects.toThrow(
      "Question 1 has 1 options",
    );
    await expect(runNode(vqaOptions, { ...asked, truth: ["blue", "four"] })).rejects.toThrow(
      "The right answer “four” of question 2 is none of its options.",
    );
  });
});

describe("choice by likelihood", () => {
  const rows = {
    likelihood: floats([7], [-1, -2, -6, -4, -3, -5, -5]),
    tokens: floats([7], [1, 1, 4, 2, 1, 1, 1]),
    row: ["1", "1", "2", "2", "2", "3", "3"],
    option: ["red", "blue", "twenty-two", "two", "ten", "yes", "no"],
    truth: ["red", "red", "twenty-two", "twenty-two", "twenty-two", "yes", "yes"],
    type: ["colour", "colour", "count", "count", "count", "yes", "yes"],
    question: ["Colour?", "Colour?", "Count?", "Count?", "Count?", "Is it?", "Is it?"],
  };
  it("takes the most likely option as it is, by token or by letter; a tie counts against it", async () => {
    const { score, choice, chance, questions, byType } = await runNode(vqaChoice, rows);
    expect(choice).toEqual(["red", "ten", "yes"]);
    expect(score).toBeCloseTo(1 / 3, 12);
    expect(chance).toBeCloseTo((1 / 2 + 1 / 3 + 1 / 2) / 3, 12);
    expect(questions).toBe(3);
    expect(byType.items.map(({ name, labels }) => [name, labels[0]?.score])).toEqual([
      ["colour", 1],
      ["count", 0],
      ["yes", 0],
    ]);
    // −6/4, −4/2, −3; −6/10, −4/3, −3/3.
    expect((await runNode(vqaChoice, rows, { by: "token" })).choice[1]).toBe("twenty-two");
    expect((await runNode(vqaChoice, rows, { by: "letter" })).choice[1]).toBe("twenty-two");
    await expect(runNode(vqaChoice, { ...rows, tokens: undefined }, { by: "token" })).rejects.toThrow("by token");
  });
  it("gives over chunks that cut a question what it gives at once, with its pictures", async () => {
    const images = flat(
      1,
      1,
      rows.row.map((name) => [Number(name), 0, 0] as const),
    );
    const whole = await runNode(vqaChoice, { ...rows, images });
    expect(whole.wrong.captions).toEqual(["Count?\nanswer: ten\nright: twenty-two", "Is it?\nanswer: yes\nright: yes"]);
    const { testHost } = await import("#tests/kit/run-node");
    const reducer = (vqaChoice as never as Reducible).reduce.start({
      host: await testHost(),
      params: { by: "answer", shown: 60 },
    });
    for (const [from, to] of [
      [0, 3],
      [3, 5],
      [5, 7],
    ] as const) {
      const cut = (value: unknown) =>
        Array.isArray(value)
          ? value.slice(from, to)
          : floats([to - from], [...(value as typeof rows.tokens).data].slice(from, to).map(Number));
      const chunk = Object.fromEntries(Object.entries(rows).map(([name, value]) => [name, cut(value)]));
      const names = rows.row.slice(from, to);
      await reducer.add(
        {
          ...chunk,
          images: flat(
            1,
            1,
            names.map((name) => [Number(name), 0, 0] as const),
          ),
        },
        from,
      );
    }
    expect(await reducer.finish()).toEqual(whole);
  });
});

interface Reducible {
  reduce: { start(c: unknown): { add(c: unknown, first: number): Promise<void>; finish(): unknown } };
}

it("brings what a tower saw of a question again with each option, so that it looks once", async () => {
  const given = await runNode(vqaOptions, {
    question: ["<image>\nWhich?", "And now?"],
    options: ["red\nblue", "one\ntwo\nthree"],
    truth: ["red", "two"],
    tokens: { dtype: "int64", shape: [3], data: BigInt64Array.of(4n, 5n, 6n), counts: [1, 2] },
    seen: { dtype: "float32", shape: [2, 1, 2], data: Float32Array.of(1, 2, 3, 4) },
  });
  expect(given.tokens).toEqual({
    dtype: "int64",
    shape: [8],
    data: BigInt64Array.of(4n, 4n, 5n, 6n, 5n, 6n, 5n, 6n),
    counts: [1, 1, 2, 2, 2],
  });
  expect(given.seen.shape).toEqual([5, 1, 2]);
  expect([...given.seen.data]).toEqual([1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
});

import { expect, it } from "vitest";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { causalLm } from "./causal-lm";

const vocabulary = 5;
const scores = Array.from({ length: 2 * 4 * vocabulary }, (_, i) => Math.sin(i * 1.7) * 2);
const labels = [2, 1, 4, 3, 0, 3, -100, -100];

/** −log softmax of a place's scores at the next place's label, smoothed; none where that asks for nothing. */
function terms(marks: readonly number[], smoothing: number): number[][] {
  return [0, 1].map((row) =>
    [0, 1, 2].flatMap((place) => {
      const label = labels[row * 4 + place + 1] as number;
      if (label < 0 || !marks[row * 4 + place + 1]) return [];
      const own = scores.slice((row * 4 + place) * vocabulary, (row * 4 + place + 1) * vocabulary);
      const sum = Math.log(own.reduce((total, score) => total + Math.exp(score), 0));
      const nll = sum - (own[label] as number);
      const mean = own.reduce((total, score) => total + sum - score, 0) / vocabulary;
      return [(1 - smoothing) * nll + smoothing * mean];
    }),
  );
}
const mean = (list: readonly number[]) => list.reduce((sum, n) => sum + n, 0) / list.length;

const all = labels.map(() => 1);
const some = [1, 1, 1, 0, 1, 1, 1, 1];
const cases = [all, some].flatMap((marks) =>
  [0, 0.1].flatMap((smoothing) => ["token", "row"].map((average) => ({ marks, smoothing, average }))),
);

it.each(cases)("asks each place for the next token: by $average, smoothing $smoothing, marks $marks", async (one) => {
  const { marks, smoothing, average } = one;
  const inputs = {
    logits: floats([2, 4, vocabulary], scores),
    labels: ids([2, 4], labels),
    ...(marks === some ? { mask: ids([2, 4], some) } : {}),
  };
  const { outputs } = await runTensorNode(causalLm, inputs, { average, smoothing });
  const rows = terms(marks, smoothing);
  const want = average === "token" ? mean(rows.flat()) : mean(rows.map(mean));
  expect(outputs.loss?.data[0]).toBeCloseTo(want, 5);
});

it("is zero where no label is asked for", async () => {
  for (const average of ["token", "row"]) {
    const inputs = {
      logits: floats([2, 4, vocabulary], scores),
      labels: ids(
        [2, 4],
        labels.map(() => -100),
      ),
    };
    const { outputs } = await runTensorNode(causalLm, inputs, { average });
    expect(outputs.loss?.data[0]).toBeCloseTo(0, 6);
  }
});

import { describe, expect, it } from "vitest";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { maskedLm } from "./masked-lm";

const logits = floats([1, 3, 2], [0, 0, 2, 0, 5, -5]);
const labels = ids([1, 3], [0, 1, -100]);
const lossesOf = async (more = {}) => {
  const { outputs } = await runTensorNode(maskedLm, { logits, labels, ...more });
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Number(data[0])]));
};
const truth = (Math.log(2) + Math.log(1 + Math.exp(2))) / 2;

describe("masked LM loss", () => {
  it("is the mean over the places that have a label", async () =>
    expect((await lossesOf()).loss).toBeCloseTo(truth, 5));
  it("mixes the truth with a teacher's opinion over words, at the same places", async () => {
    const teacher = floats([1, 3, 2], [0, 0, 0, 0, 9, 9]);
    const { loss, distilled } = await lossesOf({ teacher, alpha: floats([], [0.4]) });
    // A teacher that does not know finds both words equally likely.
    const undecided = (Math.log(2) + Math.log(1 + Math.exp(2)) - 1) / 2;
    expect(distilled).toBeCloseTo(undecided, 5);
    expect(loss).toBeCloseTo(0.6 * truth + 0.4 * undecided, 5);
  });
  it("needs α with a teacher", async () => {
    await expect(lossesOf({ teacher: logits })).rejects.toThrow("teacher");
  });
});

import { expect, it } from "vitest";
import { runTensorNode } from "#tests/kit/run-node";
import { ramp } from "./ramp";

const valueAfter = async (batches: number, params: Record<string, unknown>) => {
  const { outputs } = await runTensorNode(ramp, {}, params, { weights: { batches: [batches] } });
  return Number(outputs.value?.data[0]);
};

it("rises from 0 in the first step to its value, and stays there", async () => {
  const params = { value: 0.4, steps: 10 };
  const values = await Promise.all([0, 5, 10, 20].map((batches) => valueAfter(batches, params)));
  for (const [i, value] of [0, 0.2, 0.4, 0.4].entries()) expect(values[i]).toBeCloseTo(value, 6);
});
it("does not rise over no steps", async () =>
  expect(await valueAfter(0, { value: 0.4, steps: 0 })).toBeCloseTo(0.4, 6));

import { expect, it } from "vitest";
import { floats, runTensorNode } from "#tests/kit/run-node";
import { batchNorm } from "./batch-norm";

const features = floats([4, 2], [1, 10, 2, 10, 3, 30, 6, 30]);
const numbers = (tensor: { data: ArrayLike<number | bigint> } | undefined) => Array.from(tensor?.data ?? [], Number);

it("takes the batch's own mean and variance in training, and the running ones otherwise", async () => {
  const params = { affine: false, epsilon: 0 };
  const inTraining = await runTensorNode(batchNorm, { features }, params, { training: true });
  const second = numbers(inTraining.outputs.features).filter((_, i) => i % 2);
  for (const [i, x] of [-1, -1, 1, 1].entries()) expect(second[i]).toBeCloseTo(x, 5);
  expect(inTraining.parameters).toEqual({ running_mean: [2], running_var: [2] });
  const weights = { running_mean: [1, 10], running_var: [4, 100] };
  const later = await runTensorNode(batchNorm, { features }, params, { weights, symbolic: true });
  for (const [i, x] of [0, 0, 0.5, 0, 1, 2, 2.5, 2].entries())
    expect(numbers(later.outputs.features)[i]).toBeCloseTo(x, 5);
});

it("has gain and bias unless it is told otherwise", async () => {
  const { parameters } = await runTensorNode(batchNorm, { features }, {});
  expect(parameters).toEqual({ weight: [2], bias: [2], running_mean: [2], running_var: [2] });
});

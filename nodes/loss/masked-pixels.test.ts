import { expect, it } from "vitest";
import { floats, runTensorNode } from "#tests/kit/run-node";
import { maskedPixels } from "./masked-pixels";

it("is asked for pixels less their patch's mean, over its deviation with n − 1", async () => {
  const inputs = {
    pixels: floats([1, 1, 2, 2], [1, 2, 3, 4]),
    patches: floats([1, 1, 4], [0, 0, 0, 0]),
    mask: floats([1, 1], [1]),
  };
  const { outputs } = await runTensorNode(maskedPixels, inputs, { patch: 2 });
  const target = Array.from(outputs.target?.data as Float32Array);
  for (const [i, x] of [-1.161895, -0.387298, 0.387298, 1.161895].entries()) expect(target[i]).toBeCloseTo(x, 5);
  // Neighbours differ by 1 before, and by 1 over the deviation behind it.
  const [first = 0, second = 0] = target;
  expect((second - first) ** -2).toBeCloseTo(1.666667, 5);
  expect((outputs.loss?.data as Float32Array)[0]).toBeCloseTo(0.75, 5);
  const raw = await runTensorNode(maskedPixels, inputs, { patch: 2, target: "raw" });
  expect((raw.outputs.loss?.data as Float32Array)[0]).toBeCloseTo((1 + 4 + 9 + 16) / 4, 5);
});

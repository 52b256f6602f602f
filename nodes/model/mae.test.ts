import { describe, expect, it } from "vitest";
import { sinCosTable } from "#models/blocks/sin-cos";
import { scheduleAt } from "#models/train/schedules";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { maeDecoder } from "./mae-decoder";
import { maeEncoder } from "./mae-encoder";

const small = { patch: 2, width: 8, layers: 1, heads: 2 };
const pictures = (count: number, side: number) =>
  floats(
    [count, 3, side, side],
    Array.from({ length: count * 3 * side * side }, (_, i) => Math.sin(i)),
  );

// Expected values: systems.md §8, worked by hand.
describe("a masked autoencoder", () => {
  it("keeps the patches of the smallest noise, and knows the way back", async () => {
    const noise = floats([1, 4], [0.6, 0.1, 0.9, 0.3]);
    const { outputs } = await runTensorNode(maeEncoder, { pixels: pictures(1, 4), noise }, { ...small, ratio: 0.5 });
    expect([...(outputs.restore?.data as BigInt64Array)]).toEqual([2n, 0n, 3n, 1n]);
    expect([...(outputs.mask?.data as Float32Array)]).toEqual([1, 0, 1, 0]);
    expect(outputs.tokens?.shape).toEqual([1, 3, 8]);
  });
  it("keeps 49 of 196 patches and 16 of 64 at a ratio of 0.75", async () => {
    for (const [side, kept] of [
      [28, 49],
      [16, 16],
    ] as const) {
      const count = (side / 2) ** 2;
      const noise = floats(
        [1, count],
        Array.from({ length: count }, (_, i) => (i * 37) % count),
      );
      const { outputs } = await runTensorNode(maeEncoder, { pixels: pictures(1, side), noise }, small);
      expect(outputs.tokens?.shape).toEqual([1, 1 + kept, 8]);
    }
  });
  it("sees all patches, in their order, where there is no noise", async () => {
    const { outputs } = await runTensorNode(maeEncoder, { pixels: pictures(2, 4) }, small);
    expect(outputs.tokens?.shape).toEqual([2, 5, 8]);
    expect([...(outputs.mask?.data as Float32Array)]).toEqual(new Array(8).fill(0));
    expect([...(outputs.restore?.data as BigInt64Array)]).toEqual([0n, 1n, 2n, 3n, 0n, 1n, 2n, 3n]);
  });
  it("gives the mean of the patches, normed, for fine-tuning, and has no other last norm", async () => {
    const params = { ...small, pool: "mean of patches" };
    const { outputs, parameters } = await runTensorNode(maeEncoder, { pixels: pictures(1, 4) }, params);
    const tokens = Array.from(outputs.tokens?.data as Float32Array);
    const mean = Array.from({ length: 8 }, (_, i) =>
      [1, 2, 3, 4].reduce((sum, n) => sum + (tokens[n * 8 + i] as number) / 4, 0),
    );
    const average = mean.reduce((sum, x) => sum + x / 8, 0);
    const deviation = Math.sqrt(mean.reduce((sum, x) => sum + (x - average) ** 2 / 8, 0) + 1e-6);
    for (const [i, x] of Array.from(outputs.features?.data as Float32Array).entries())
      expect(x).toBeCloseTo(((mean[i] as number) - average) / deviation, 4);
    expect(Object.keys(parameters).filter((name) => /^(fc_)?norm\./.test(name))).toEqual([
      "fc_norm.weight",
      "fc_norm.bias",
    ]);
  });
  it("says how many noises a picture needs", async () => {
    const noise = floats([1, 3], [1, 2, 3]);
    await expect(runTensorNode(maeEncoder, { pixels: pictures(1, 4), noise }, small)).rejects.toThrow(
      "there are 3 noises a row, and its picture has 4 patches",
    );
  });
  it("refuses to hide nothing, and patches that leave a rest", async () => {
    const noise = floats([1, 4], [1, 2, 3, 4]);
    const nothing = runTensorNode(maeEncoder, { pixels: pictures(1, 4), noise }, { ...small, ratio: 0 });
    await expect(nothing).rejects.toThrow("a mask of 0 takes none of 4 patches away");
    await expect(runTensorNode(maeEncoder, { pixels: pictures(1, 5) }, small)).rejects.toThrow(
      "pictures of 5 × 5 cannot be cut into patches of 2",
    );
  });
  it("has positions whose first half is the column's sines and cosines, and none for the class token", () => {
    const table = sinCosTable([2, 2], 8);
    const row = (i: number) => Array.from(table.subarray(i * 8, (i + 1) * 8), (x) => Number(x.toFixed(6)));
    expect(row(0)).toEqual(new Array(8).fill(0));
    expect(row(1)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect(row(2)).toEqual([0.841471, 0.01, 0.540302, 0.99995, 0, 0, 1, 1]);
    expect(row(3)).toEqual([0, 0, 1, 1, 0.841471, 0.01, 0.540302, 0.99995]);
  });
  it("draws as many pixels of each patch as there are", async () => {
    const tokens = floats(
      [1, 3, 8],
      Array.from({ length: 24 }, (_, i) => i / 24),
    );
    const inputs = { tokens, restore: ids([1, 4], [2, 0, 3, 1]) };
    const { outputs } = await runTensorNode(maeDecoder, inputs, { ...small, scope: "." });
    expect(outputs.patches?.shape).toEqual([1, 4, 12]);
  });
  it("learns at half its rate after 20 of 40 epochs of warmup, and again in the middle of the cosine", () => {
    const schedule = { kind: "cosine", warmup: 40, floor: 0 } as const;
    const peak = (1.5e-4 * 4096) / 256;
    expect(peak).toBeCloseTo(2.4e-3, 10);
    expect(peak * scheduleAt(schedule, 20, 800)).toBeCloseTo(1.2e-3, 10);
    expect(peak * scheduleAt(schedule, 420, 800)).toBeCloseTo(1.2e-3, 10);
  });
});

import { describe, expect, it } from "vitest";
import { runTensorNode } from "#tests/kit/run-node";
import { poolGrid } from "./pool-grid";

const tokens = {
  dtype: "float32",
  shape: [1, 17, 1],
  data: Float32Array.of(100, ...Array.from({ length: 16 }, (_, i) => i)),
} as const;

describe("a grid of tokens", () => {
  it("becomes the means of its squares, behind the class token or without it", async () => {
    const { outputs } = await runTensorNode(poolGrid, { tokens });
    expect([...(outputs.tokens?.data ?? [])]).toEqual([100, 2.5, 4.5, 10.5, 12.5]);
    const { outputs: without } = await runTensorNode(poolGrid, { tokens }, { keep: false });
    expect([...(without.tokens?.data ?? [])]).toEqual([2.5, 4.5, 10.5, 12.5]);
  });
  it("is refused where it is no square, or cannot be cut", async () => {
    await expect(runTensorNode(poolGrid, { tokens }, { before: 0 })).rejects.toThrow("no square of patches");
    await expect(runTensorNode(poolGrid, { tokens }, { stride: 3 })).rejects.toThrow("cannot be cut into squares of 3");
  });
});

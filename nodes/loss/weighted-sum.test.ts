import { describe, expect, it } from "vitest";
import { Graph, type Value } from "#models/onnx/graph";
import { builderOf } from "#models/blocks/builder";
import { toModel } from "#models/onnx/proto";
import { openSession } from "#server/runtime/sessions";
import { floats } from "#tests/kit/run-node";
import { weightedSum } from "./weighted-sum";

async function sumOf(numbers: number[], weight: number): Promise<number> {
  const graph = new Graph();
  const losses = numbers.map((_, i) => graph.input(`loss${i}`, "float32", []));
  const built = weightedSum.build?.({ ...builderOf(graph), inputs: { losses }, params: { weight } });
  graph.output("loss", (built as { loss: Value }).loss);
  const session = await openSession(toModel(graph, { parameters: "inputs" }), "cpu");
  const fed = Object.fromEntries(numbers.map((number, i) => [`loss${i}`, floats([], [number])]));
  const { loss } = await session.run(fed);
  await session.release();
  return Number(loss?.data[0]);
}

describe("weighted sum", () => {
  it("is the mean of two directions with the weight a half", async () => expect(await sumOf([3, 1], 0.5)).toBe(2));
  it("makes one term count a quarter", async () => expect(await sumOf([8], 0.25)).toBe(2));
  it("needs a loss", async () => await expect(sumOf([], 1)).rejects.toThrow("no loss"));
});

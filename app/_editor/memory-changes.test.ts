import { expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import { tinyClip } from "../../tests/kit/graphs";
import { memoryChanges } from "./memory-changes";

const nodesOf = (trainer: Record<string, unknown>) => check(tinyClip(trainer)).graph.nodes;

it("offers half the batch with twice the accumulation, computing again, and half precision", () => {
  expect(memoryChanges(nodesOf({ batch: 33, accumulate: 2 }), "trainer").map(({ params }) => params)).toEqual([
    { batch: 17, accumulate: 4 },
    { recompute: "*" },
    { precision: "float16" },
  ]);
});

it("offers nothing that is done already, and of a graph that trains nothing none", () => {
  const done = { batch: 1, recompute: "vision", precision: "float16" };
  expect(memoryChanges(nodesOf(done), undefined)).toEqual([]);
  expect(memoryChanges(new Map(), "trainer")).toEqual([]);
});

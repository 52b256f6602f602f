import { describe, expect, it } from "vitest";
import { lower } from "./lower";
import { resolve } from "./resolve";
import { registry } from "../registry.gen";
import { graph } from "#tests/kit/graphs";

/** The ops and updates of an EfficientNet that trains with these patterns frozen. */
function trained(frozen: string[]) {
  const document = graph(
    { weights: ["weights.make"], pixels: ["image.normalize"], net: ["model.efficientnet", { scope: "net" }] },
    ["weights.weights -> net.weights", "pixels.pixels -> net.pixels"],
  );
  const resolved = resolve(document, registry);
  const lowered = lower(resolved, ["net"], () => ({ dtype: "float32", shape: ["batch", 3, 32, 32] }), {
    training: true,
    handles: new Map([["weights.weights", { seed: 0, frozen }]]),
  });
  const count = (op: string) => lowered.graph.nodes.filter((node) => node.op === op).length;
  return { byBatch: count("TrainingBatchNormalization"), kept: count("BatchNormalization"), ...lowered.graph };
}

describe("batch norm in training", () => {
  it("takes the batch's statistics and moves the running ones, frozen gains or not", () => {
    for (const frozen of [[], ["*.weight", "*.bias"]]) {
      const { byBatch, kept, updates } = trained(frozen);
      expect([byBatch > 0, kept, updates.size]).toEqual([true, 0, 2 * byBatch]);
    }
  });
  it("takes running statistics that are frozen, and leaves them", () => {
    for (const frozen of [["*running_*"], ["*"]]) {
      const { byBatch, kept, updates } = trained(frozen);
      expect([byBatch, kept > 0, updates.size]).toEqual([0, true, 0]);
    }
    const { byBatch, kept, updates } = trained(["net.embeddings.*"]);
    expect([byBatch > 0, kept, updates.size]).toEqual([true, 1, 2 * byBatch]);
  });
});

import { describe, expect, it } from "vitest";
import { runNode, testHost } from "#tests/kit/run-node";
import type { TrainRequest } from "../core/host";
import { trainer } from "./trainer";

// What a training does is tested with the runtime, in server/runtime/execute.test.ts; here, what the node asks for.
describe("trainer", () => {
  it("asks its host for an optimizer with its parameters", async () => {
    let asked: TrainRequest | undefined;
    const host = await testHost({ train: async (request) => { asked = request; return { weights: {}, average: {}, curve: { x: { label: "step", values: [] }, lines: [] }, waited: 0 }; } });
    const loss = [{ deferred: true, node: "loss", port: "loss" }] as const;
    await runNode(trainer, { loss: [...loss], metric: [], distinct: ["a"] }, { lr: 0.01, steps: 5, warmup: 2, weightDecay: 0.3 }, host);
    expect(asked).toMatchObject({ losses: loss, distinct: ["a"], batchSize: 64, clipNorm: 1, optimizer: { kind: "adamw", beta2: 0.98, eps: 1e-6, weightDecay: 0.3 }, stages: [{ steps: 5, lr: 0.01, schedule: { kind: "cosine", warmup: 2 }, trains: [{ pattern: "*", rate: 1 }], losses: [] }] });
  });
  it("reads its table of stages: what trains at which rate, on which losses", async () => {
    let asked: TrainRequest | undefined;
    const host = await testHost({ train: async (request) => { asked = request; return { weights: {}, average: {}, curve: { x: { label: "step", values: [] }, lines: [] }, waited: 0 }; } });
    const stages = [{ name: "align", steps: 10, lr: 1e-3, trains: "projector.*", warmup: 1 }, { steps: 20, trains: "vision.*=0.2, *", losses: "a, b*", schedule: "constant" }];
    await runNode(trainer, { loss: [], metric: [] }, { lr: 1e-5, warmup: 0, stages }, host);
    expect(asked?.stages).toEqual([
      { name: "align", steps: 10, lr: 1e-3, schedule: { kind: "cosine", warmup: 1, floor: 0 }, trains: [{ pattern: "projector.*", rate: 1 }], losses: [] },
      { name: "stage 2", steps: 20, lr: 1e-5, schedule: { kind: "constant", warmup: 0, floor: 0 }, trains: [{ pattern: "vision.*", rate: 0.2 }, { pattern: "*", rate: 1 }], losses: ["a", "b*"] },
    ]);
  });
  it("refuses a warmup longer than the run", () => {
    expect(trainer.check?.({ warmup: 10, steps: 5, stages: [], batch: 64, chunk: 0 } as never)?.message).toBe("A warmup of 10 steps is longer than the run of 5.");
  });
});

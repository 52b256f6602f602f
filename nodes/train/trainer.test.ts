import { describe, expect, it } from "vitest";
import { runNode, testHost } from "#tests/kit/run-node";
import type { TrainRequest } from "../core/host";
import type { Series } from "../core/values";
import { trainer } from "./trainer";

// What a training does is tested with the runtime, in server/runtime/execute.test.ts; here, what the node asks for.
describe("trainer", () => {
  it("asks its host for an optimizer with its parameters", async () => {
    let asked: TrainRequest | undefined;
    const host = await testHost({ train: async (request) => { asked = request; return { weights: {}, curve: { x: { label: "step", values: [] }, lines: [] } }; } });
    const loss = [{ deferred: true, node: "loss", port: "loss" }] as const;
    await runNode(trainer, { loss: [...loss], distinct: ["a"] }, { lr: 0.01, steps: 5, warmup: 2, weightDecay: 0.3 }, host);
    expect(asked).toMatchObject({ losses: loss, distinct: ["a"], steps: 5, batchSize: 64, clipNorm: 1, lr: 0.01, optimizer: { kind: "adamw", beta2: 0.98, eps: 1e-6, weightDecay: 0.3 }, schedule: { kind: "cosine", warmup: 2 } });
  });
  it("draws its learning rate by step before it runs", () => {
    const params = { steps: 1000, lr: 0.2, schedule: "cosine", warmup: 100, floor: 0.1 } as never, { x, lines: [line] } = trainer.preview?.(params) as Series;
    expect([x.values[0], x.values.at(-1), x.values.length]).toEqual([1, 1000, 200]);
    expect([line?.values[0], line?.values.at(-1)]).toEqual([0.002, expect.closeTo(0.02, 12)]);
    expect(Math.max(...(line?.values as number[]))).toBeCloseTo(0.2, 3);
    expect(trainer.preview?.({ steps: 1, lr: 0.2, schedule: "constant", warmup: 0, floor: 0 } as never)).toEqual({ x: { label: "step", values: [1] }, lines: [{ name: "learning rate", values: [0.2] }] });
  });
  it("refuses a warmup longer than the run", () => {
    expect(trainer.check?.({ warmup: 10, steps: 5 } as never)?.message).toBe("A warmup of 10 steps is longer than the run of 5.");
  });
});

import { describe, expect, it } from "vitest";
import { runNode, testHost } from "#tests/kit/run-node";
import type { TrainRequest } from "../core/host";
import type { Series } from "../core/values";
import { trainer } from "./trainer";

// What a training does is tested with the runtime, in server/runtime/execute.test.ts; here, what the node asks for.
describe("trainer", () => {
  it("asks its host for an optimizer with its parameters", async () => {
    let asked: TrainRequest | undefined;
    const host = await testHost({
      train: async (request) => {
        asked = request;
        return {
          weights: {},
          average: {},
          curve: { x: { label: "step", values: [] }, lines: [] },
          waited: 0,
          memory: 0,
        };
      },
    });
    const loss = [{ deferred: true, node: "loss", port: "loss" }] as const;
    await runNode(
      trainer,
      { loss: [...loss], metric: [], distinct: ["a"] },
      { lr: 0.01, steps: 5, warmup: 2, weightDecay: 0.3 },
      host,
    );
    expect(asked).toMatchObject({
      losses: loss,
      distinct: ["a"],
      clipNorm: 1,
      optimizer: { kind: "adamw", beta2: 0.98, eps: 1e-6, weightDecay: 0.3 },
      stages: [
        {
          steps: 5,
          epochs: 0,
          batchSize: 64,
          accumulate: 1,
          lr: 0.01,
          schedule: { kind: "cosine", warmup: 2 },
          trains: [{ pattern: "*", rate: 1 }],
          branches: [{ losses: [], share: 1 }],
          data: [],
        },
      ],
    });
  });
  it("reads its table of stages: what trains at which rate, on which losses", async () => {
    let asked: TrainRequest | undefined;
    const host = await testHost({
      train: async (request) => {
        asked = request;
        return {
          weights: {},
          average: {},
          curve: { x: { label: "step", values: [] }, lines: [] },
          waited: 0,
          memory: 0,
        };
      },
    });
    const stages = [
      { name: "align", steps: 10, lr: 1e-3, trains: "projector.*", warmup: 1 },
      {
        steps: 20,
        trains: "vision.*=0.2, text.* decay 0, head.*=10 decay 0.05, *",
        losses: "a, b*",
        schedule: "constant",
      },
      {
        name: "onevision",
        trains: "blocks.*=0.75^layer decay 0.05, *=.5^layer",
        epochs: 1,
        batch: 2,
        accumulate: 128,
        warmup: 0.03,
        data: "multi=560, video=350, single*=800",
        losses: "chat=3, caption=1",
      },
    ];
    await runNode(trainer, { loss: [], metric: [] }, { lr: 1e-5, warmup: 0, stages }, host);
    expect(asked?.stages).toEqual([
      {
        name: "align",
        steps: 10,
        epochs: 0,
        batchSize: 64,
        accumulate: 1,
        lr: 1e-3,
        schedule: { kind: "cosine", warmup: 1, floor: 0 },
        trains: [{ pattern: "projector.*", rate: 1 }],
        branches: [{ losses: [], share: 1 }],
        data: [],
      },
      {
        name: "stage 2",
        steps: 20,
        epochs: 0,
        batchSize: 64,
        accumulate: 1,
        lr: 1e-5,
        schedule: { kind: "constant", warmup: 0, floor: 0 },
        trains: [
          { pattern: "vision.*", rate: 0.2 },
          { pattern: "text.*", rate: 1, decay: 0 },
          { pattern: "head.*", rate: 10, decay: 0.05 },
          { pattern: "*", rate: 1 },
        ],
        branches: [{ losses: ["a", "b*"], share: 1 }],
        data: [],
      },
      {
        name: "onevision",
        steps: 1000,
        epochs: 1,
        batchSize: 2,
        accumulate: 128,
        lr: 1e-5,
        schedule: { kind: "cosine", warmup: 0.03, floor: 0 },
        trains: [
          { pattern: "blocks.*", rate: 1, layerDecay: 0.75, decay: 0.05 },
          { pattern: "*", rate: 1, layerDecay: 0.5 },
        ],
        branches: [
          { losses: ["chat"], share: 3 },
          { losses: ["caption"], share: 1 },
        ],
        data: [
          { pattern: "multi", share: 560 },
          { pattern: "video", share: 350 },
          { pattern: "single*", share: 800 },
        ],
      },
    ]);
  });
  it("draws its learning rate by step, stage by stage, before it runs", () => {
    const drawn = (params: object) =>
      trainer.preview?.({
        steps: 1000,
        lr: 0.2,
        schedule: "cosine",
        warmup: 100,
        floor: 0.1,
        stages: [],
        ...params,
      } as never) as Series;
    const {
      x,
      lines: [line],
    } = drawn({});
    expect([x.values[0], x.values.at(-1), x.values.length]).toEqual([1, 1000, 200]);
    expect([line?.values[0], line?.values.at(-1)]).toEqual([0.002, expect.closeTo(0.02, 12)]);
    expect(Math.max(...(line?.values as number[]))).toBeCloseTo(0.2, 3);
    expect(drawn({ steps: 1, warmup: 0 })).toMatchObject({ x: { values: [1] }, lines: [{ name: "learning rate" }] });
    const stages = [
      { steps: 2, lr: 0.5, schedule: "constant", warmup: 0, trains: "*", losses: "", data: "" },
      { steps: 3, lr: 0, schedule: "linear", warmup: 1, trains: "*", losses: "", data: "" },
    ];
    expect(drawn({ stages, floor: 0 })).toEqual({
      x: { label: "step", values: [1, 2, 3, 4, 5] },
      lines: [{ name: "learning rate", values: [0.5, 0.5, 0.2, 0.1, 0] }],
    });
  });
  it("draws the rate along the training where the data says how many steps an epoch has", () => {
    const drawn = trainer.preview?.({
      epochs: 2,
      lr: 1,
      schedule: "linear",
      warmup: 0.5,
      floor: 0,
      stages: [],
    } as never);
    expect(drawn?.x.label).toBe("share of the training");
    expect(drawn?.x.values.at(-1)).toBe(1);
    expect(Math.max(...(drawn?.lines[0]?.values as number[]))).toBeCloseTo(1, 2);
    expect(drawn?.lines[0]?.values[50]).toBeCloseTo(0.5, 1);
  });
  it("refuses shares for some of a stage's data only, and shares of nothing", () => {
    const refused = (row: object) =>
      trainer.check?.({
        warmup: 0,
        batch: 4,
        chunk: 0,
        stages: [{ trains: "*", data: "", losses: "", ...row }],
      } as never)?.message;
    expect(refused({ data: "a=1, b" })).toBe("The stage “stage 1” gives shares to some of its data and not to others.");
    expect(refused({ name: "mix", losses: "a=0, b=1" })).toBe(
      "A share of the losses of the stage “mix” is not above 0.",
    );
    expect(refused({ data: "a=0.8, b=0.2", losses: "x, y" })).toBeUndefined();
  });
  it("refuses a warmup longer than the run", () => {
    expect(trainer.check?.({ warmup: 10, steps: 5, stages: [], batch: 64, chunk: 0 } as never)?.message).toBe(
      "A warmup of 10 steps is longer than the run of 5.",
    );
  });
});

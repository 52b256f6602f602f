import { describe, expect, it } from "vitest";
import torch from "../../tests/fixtures/schedules.json";
import { scheduleAt, scheduleKinds } from "./schedules";

describe("a schedule", () => {
  const { steps, warmup, warmupFrom, floor } = torch;
  it.each(scheduleKinds)("of kind %s has PyTorch's rates", (kind) => {
    const schedule = kind === "step" ? { kind, warmup: 0, floor: 0 } : { kind, warmup, warmupFrom, floor };
    for (const [n, expected] of torch[kind].entries()) {
      // PyTorch's first update has the rate after no step, ours the one after a step, so that warmup from 0 begins
      // above it.
      const step = kind === "one-cycle" ? n + 1 : n;
      if (step > 0) expect(scheduleAt(schedule, step, steps), `step ${step}`).toBeCloseTo(expected, 12);
    }
  });
  it("warms up from nothing, peaks with the warmup, reaches its floor with the last step, and stays there", () => {
    const at = (step: number) => scheduleAt({ kind: "cosine", warmup: 10, floor: 0.1 }, step, 110);
    expect([1, 10, 60, 110, 200].map((step) => Number(at(step).toFixed(9)))).toEqual([0.1, 1, 0.55, 0.1, 0.1]);
    expect(scheduleAt({ kind: "linear", warmup: 10, floor: 0 }, 10, 10)).toBe(1);
  });
  it("takes a warmup below 1 as a share of its steps, rounded up", () => {
    // LLaVA-OneVision: 3 %; of 1,090 steps that is 33.
    const share = (step: number) => scheduleAt({ kind: "cosine", warmup: 0.03, floor: 0 }, step, 1090);
    const counted = (step: number) => scheduleAt({ kind: "cosine", warmup: 33, floor: 0 }, step, 1090);
    expect([1, 32, 33, 500, 1090].map(share)).toEqual([1, 32, 33, 500, 1090].map(counted));
    expect(share(33)).toBe(1);
  });
  it("follows the published runs", () => {
    // ALBEF: 1e-5 to 1e-4 over 2,000 steps; then by epoch, of 30, back to 1e-5.
    const albef = { kind: "cosine", warmup: 2000, warmupFrom: 0.1, floor: 0.1 } as const;
    const epochs = { ...albef, warmup: 0 };
    expect([0, 1000, 2000].map((step) => scheduleAt(albef, step, 1e6))).toEqual([0.1, 0.55, 1]);
    for (const [epoch, rate] of [
      [1, 9.97535e-5],
      [15, 5.5e-5],
      [29, 1.02465e-5],
    ] as const)
      expect(1e-4 * scheduleAt(epochs, epoch, 30)).toBeCloseTo(rate, 10);
    // MAE: 40 of 800 epochs of warmup, then a half cosine to 0.
    for (const epoch of [20, 420])
      expect(2.4e-3 * scheduleAt({ kind: "cosine", warmup: 40, floor: 0 }, epoch, 800)).toBeCloseTo(1.2e-3, 12);
    // BLIP: nine tenths every epoch, of 20.
    const drops = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
    for (const [epoch, rate] of [
      [1, 2.7e-4],
      [5, 1.77147e-4],
      [19, 4.0526e-5],
    ] as const)
      expect(3e-4 * scheduleAt({ kind: "step", warmup: 0, floor: 0, drops, factor: 0.9 }, epoch, 20)).toBeCloseTo(
        rate,
        8,
      );
    // ALIGN: 10k steps up to 1e-3, then linear to 0 at 1.2M.
    expect(
      [5_000, 605_000, 1_200_000].map((step) =>
        scheduleAt({ kind: "linear", warmup: 10_000, floor: 0 }, step, 1_200_000),
      ),
    ).toEqual([0.5, 0.5, 0]);
  });
});

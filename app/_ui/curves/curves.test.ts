import { describe, expect, it } from "vitest";
import { placesOn } from "./axes";
import { pointAt } from "./drawn";
import { bucketAxis, bucketed, lastInBuckets } from "./buckets";
import { smoothed } from "./smooth";

describe("smoothing", () => {
  it("has no bias at its start: the first point stays, and the second is their mean by the weights", () => {
    const [first, second] = smoothed([4, 8], 0.5) as [number, number];
    expect([first, second]).toEqual([4, (0.5 * 4 * 0.5 + 0.5 * 8) / 0.75]);
  });
  it("lets through what is not finite, without counting it", () => {
    const [, hole, third] = smoothed([1, Number.NaN, 3], 0.9);
    expect([hole, third]).toEqual([Number.NaN, smoothed([1, 3], 0.9)[1]]);
  });
  it("leaves constant lines, and all lines at weight 0, as they are", () => {
    expect(smoothed([0.1, 0.1, 0.1], 0.99)).toEqual([0.1, 0.1, 0.1]);
    expect(smoothed([3, 1, 2], 0)).toEqual([3, 1, 2]);
  });
});

describe("buckets", () => {
  const x = Array.from({ length: 10_000 }, (_, i) => i + 1);
  const y = x.map((step) => Math.sin(step) + (step === 5000 ? 50 : 0));
  const span = { from: 1, to: 10_000, isLog: false };

  it("lose neither a peak nor the last value", () => {
    const { last, min, max, isDense } = bucketed({ x, y }, span, 100);
    expect([Math.max(...(max as number[])), last.at(-1), isDense]).toEqual([y[4999], y.at(-1), true]);
    expect(Math.min(...(min as number[]))).toBeCloseTo(-1, 3);
  });
  it("of the last values alone are the same", () => {
    for (const near of [span, { from: 100.5, to: 180, isLog: false }, { from: 2, to: 9000, isLog: true }]) {
      expect(lastInBuckets({ x, y }, near, 300)).toEqual(bucketed({ x, y }, near, 300).last);
    }
  });
  it("show each point where it is looked at closely", () => {
    const near = bucketed({ x, y }, { from: 4998, to: 5002, isLog: false }, 400);
    expect([near.isDense, near.last.filter((value) => value === y[4999])]).toEqual([false, [y[4999]]]);
  });
  it("are even on a logarithmic axis", () => {
    const axis = bucketAxis({ from: 1, to: 10_000, isLog: true }, 4);
    expect(axis.map(Math.log10)).toEqual([0.5, 1.5, 2.5, 3.5].map((power) => expect.closeTo(power)));
    const { last } = bucketed({ x: [2, 20, 200, 2000], y: [1, 2, 3, 4] }, { from: 1, to: 10_000, isLog: true }, 4);
    expect(last).toEqual([1, 2, 3, 4]);
  });
});

it("the point at a place is the last one up to there; before the first there is none", () => {
  const line = { x: [1, 5, 10], y: [3, 2, 1] };
  expect([0, 1, 4.9, 5, 99].map((place) => pointAt(line, place)?.[1])).toEqual([undefined, 3, 3, 2, 1]);
});

describe("the axis below", () => {
  const curve = { name: "t · loss", label: "step", x: [1, 5, 10], y: [3, 2, 1] };
  it("is seconds by what was told, or epochs by stages; or not there", () => {
    expect(placesOn({ ...curve, clock: { steps: [1, 9], seconds: [2, 10] } }, "time")).toEqual([2, 6, 10]);
    const epochs = [
      { after: 0, steps: 2 },
      { after: 4, steps: 10 },
    ];
    expect(placesOn({ ...curve, epochs }, "epoch")).toEqual([0.5, 2.1, 2.6]);
    expect([placesOn(curve, "time"), placesOn(curve, "epoch"), placesOn(curve, "step")]).toEqual([
      undefined,
      undefined,
      curve.x,
    ]);
  });
});

import { expect, it } from "vitest";
import { changeOf, goalOf, lastAndBest } from "./goals";

it("knows by a number's name which way is better", () => {
  expect(["trainer · loss", "accuracy.top1", "trainer · lr", "trainer.waited", "loss"].map(goalOf)).toEqual([
    "min",
    "max",
    undefined,
    "min",
    "min",
  ]);
});

it("says how far a number is from the baseline's, with its sign, and whether that is good", () => {
  expect(changeOf(0.5, 0.25, "max")).toEqual({ text: "+0.25", isBetter: true });
  expect(changeOf(0.5, 0.75, "max")).toEqual({ text: "−0.25", isBetter: false });
  expect(changeOf(0.5, 0.75, "min")).toEqual({ text: "−0.25", isBetter: true });
  expect(changeOf(1, 1, "min")).toEqual({ text: "±0", isBetter: undefined });
});

it("gives the last value of a line and its best, which may lie between the points of a thinned one", () => {
  const curve = { name: "t · loss", label: "step", x: [10, 20], y: [2, 3], min: [1, 2.5], max: [9, 3] };
  expect(lastAndBest(curve)).toEqual({ last: 3, best: 1 });
  expect(lastAndBest({ ...curve, name: "t · accuracy" })).toEqual({ last: 3, best: 9 });
  expect(lastAndBest({ ...curve, name: "t · lr" })).toEqual({ last: 3, best: undefined });
});

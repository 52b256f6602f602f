import { describe, expect, it } from "vitest";
import { portions, turns } from "./turns";

describe("turns", () => {
  it("give each source its share to the step, in an order that the seed draws", () => {
    const steps = 171;
    const drawn = turns([560, 350, 800], steps, 3); // OneVision's mix of several pictures, frames and single ones
    const sources = Array.from({ length: steps }, (_, i) => drawn.at(i + 1).source);
    expect([0, 1, 2].map((source) => sources.filter((s) => s === source).length)).toEqual([56, 35, 80]);
    expect([0, 1, 2].map(drawn.count)).toEqual([56, 35, 80]);
    expect(sources).not.toEqual(sources.toSorted());
    const again = turns([560, 350, 800], steps, 3);
    expect(again.at(100)).toEqual(drawn.at(100));
    expect(Array.from({ length: steps }, (_, i) => turns([560, 350, 800], steps, 4).at(i + 1).source)).not.toEqual(
      sources,
    );
  });
  it("count a source's steps before each of its own", () => {
    const drawn = turns([1, 2], 9, 0);
    const seen = [0, 0];
    for (let step = 1; step <= 9; step++) {
      const { source, before } = drawn.at(step);
      expect(before).toBe(seen[source]);
      seen[source] = before + 1;
    }
    expect(seen).toEqual([3, 6]);
  });
  it("part a whole by the largest remainders", () => {
    expect(portions([1, 1, 1], 8)).toEqual([3, 3, 2]);
    expect(portions([0.5, 0.3, 0.2], 3)).toEqual([1, 1, 1]);
    expect(portions([5, 0], 4)).toEqual([4, 0]);
  });
});

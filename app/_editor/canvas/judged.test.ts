import { describe, expect, it } from "vitest";
import { isFarNow, isWithin, keptAtMost, keptNow, manyInView, withMargin } from "./judged";

describe("when nodes become boxes", () => {
  it("happens below the threshold, and ends 15 % above it", () => {
    expect(isFarNow(false, 0.31, 10, 0.3)).toBe(false);
    expect(isFarNow(false, 0.29, 10, 0.3)).toBe(true);
    expect(isFarNow(true, 0.34, 10, 0.3)).toBe(true);
    expect(isFarNow(true, 0.35, 10, 0.3)).toBe(false);
  });

  it("happens where very many are in view, and ends where they are clearly fewer", () => {
    expect(isFarNow(false, 1, manyInView, 0.3)).toBe(false);
    expect(isFarNow(false, 1, manyInView + 1, 0.3)).toBe(true);
    expect(isFarNow(true, 1, manyInView - 1, 0.3)).toBe(true);
    expect(isFarNow(true, 1, manyInView / 1.2, 0.3)).toBe(false);
  });

  it("never happens with a threshold of 0", () => {
    expect(isFarNow(true, 0.02, 5000, 0)).toBe(false);
  });

  it("does not swing with a gesture around the threshold", () => {
    const zooms = Array.from({ length: 40 }, (_, i) => 0.3 + 0.02 * Math.sin(i));
    let isFar = false;
    let turns = 0;
    for (const zoom of zooms) {
      const now = isFarNow(isFar, zoom, 10, 0.3);
      if (now !== isFar) turns++;
      isFar = now;
    }
    expect(turns).toBe(1);
  });
});

describe("what is drawn around the view", () => {
  const view = { x: -100, y: 50, zoom: 0.5, width: 400, height: 200 };

  it("is the view and half of it on each side, in the graph's own units", () => {
    expect(withMargin(view, 0)).toEqual({ x: 200, y: -100, width: 800, height: 400 });
    expect(withMargin(view)).toEqual({ x: -200, y: -300, width: 1600, height: 800 });
  });

  it("has what touches it", () => {
    const area = withMargin(view, 0);
    expect(isWithin({ x: -50, y: 0, width: 260, height: 10 }, area)).toBe(true);
    expect(isWithin({ x: -50, y: 0, width: 240, height: 10 }, area)).toBe(false);
  });
});

describe("what is kept hidden", () => {
  it("is what was left, and not what is shown", () => {
    const kept = keptNow(new Set(["a", "b"]), new Set(["c", "d"]), new Set(["b", "d"]));
    expect([...kept]).toEqual(["a", "c"]);
  });

  it("is bounded: what was seen last stays", () => {
    const many = new Set(Array.from({ length: 500 }, (_, i) => `n${i}`));
    const kept = keptNow(new Set(["old"]), many, new Set());
    expect(kept.size).toBe(keptAtMost);
    expect(kept.has("n499")).toBe(true);
    expect(kept.has("old")).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { principalComponents } from "./pca";
import { random } from "./random";

describe("principal components", () => {
  it("are the axes along which rows differ most, with their shares of the variance", () => {
    const draw = random("rows");
    const rows = Float32Array.from(
      { length: 300 * 5 },
      (_, i) => draw.normal() * ([1, 9, 0.1, 4, 0.2][i % 5] ?? 0) + 7,
    );
    const { places, shares } = principalComponents(rows, 5, 2, random("basis"));
    expect(shares[0]).toBeCloseTo(81 / 98.05, 1);
    expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBeGreaterThan(0.97);
    const mean = rows.filter((_, i) => i % 5 === 1).reduce((sum, x) => sum + x / 300, 0);
    const along = (row: number) => Math.abs((rows[row * 5 + 1] ?? 0) - mean);
    for (const row of [0, 100, 299]) expect(Math.abs(places[2 * row] ?? 0)).toBeCloseTo(along(row), 0);
  });

  it("tell close ones apart: places of two axes do not depend on each other", () => {
    const draw = random("close");
    const rows = Float32Array.from({ length: 200 * 40 }, () => draw.normal());
    const { places } = principalComponents(rows, 40, 2, random("basis"));
    let [product, first, second] = [0, 0, 0];
    for (let row = 0; row < 200; row++) {
      const [x, y] = [places[2 * row] ?? 0, places[2 * row + 1] ?? 0];
      product += x * y;
      first += x * x;
      second += y * y;
    }
    expect(Math.abs(product / Math.sqrt(first * second))).toBeLessThan(1e-6);
  });

  it("of fewer rows than wanted leave the other places zero", () => {
    const { places, shares } = principalComponents(Float32Array.of(1, 2, 3), 3, 2, random("one"));
    expect([[...places], shares]).toEqual([[0, 0], [0]]);
  });
});

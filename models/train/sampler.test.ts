import { describe, expect, it } from "vitest";
import { sampler } from "./sampler";

describe("a sampler", () => {
  it("shows every row once in an epoch and drops what does not fill a batch", () => {
    const s = sampler({ rows: 10, batch: 3, seed: 1 });
    const epoch = [1, 2, 3].flatMap((step) => [...s.batch(step)]);
    expect(new Set(epoch).size).toBe(9);
    expect([...s.batch(4), ...s.batch(5), ...s.batch(6)].join()).not.toBe(epoch.join());
  });
  it("gives the same rows for the same seed, in whatever order steps are asked", () => {
    const a = sampler({ rows: 100, batch: 7, seed: 5 });
    const b = sampler({ rows: 100, batch: 7, seed: 5 });
    b.batch(50);
    expect([...b.batch(3)]).toEqual([...a.batch(3)]);
    expect([...sampler({ rows: 100, batch: 7, seed: 6 }).batch(3)]).not.toEqual([...a.batch(3)]);
  });
  it("never lets two rows of one name meet", () => {
    const distinct = Array.from({ length: 90 }, (_, i) => `concept ${Math.floor(i / 3)}`);
    const s = sampler({ rows: 90, batch: 20, seed: 2, distinct });
    for (let step = 1; step <= 40; step++)
      expect(new Set([...s.batch(step)].map((row) => distinct[row])).size).toBe(20);
  });
  it("fills a batch from one bucket only, and mixes buckets over an epoch", () => {
    const bucket = Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? "wide" : "tall"));
    const s = sampler({ rows: 100, batch: 8, seed: 4, bucket });
    const kinds = Array.from({ length: 12 }, (_, i) => new Set([...s.batch(i + 1)].map((row) => bucket[row])));
    expect(kinds.every((k) => k.size === 1)).toBe(true);
    expect(kinds.slice(0, 6).map((k) => [...k][0])).toContain("wide");
    expect(new Set(Array.from({ length: 12 }, (_, i) => [...s.batch(i + 1)]).flat()).size).toBe(96);
    expect(() => sampler({ rows: 4, batch: 3, seed: 0, bucket: ["a", "a", "b", "b"] })).toThrow(
      "No bucket has a batch of 3 rows.",
    );
  });
  it("says when a batch cannot be drawn", () => {
    expect(() => sampler({ rows: 3, batch: 4, seed: 0 })).toThrow("A batch of 4 rows cannot be drawn from 3.");
    expect(() => sampler({ rows: 4, batch: 3, seed: 0, distinct: ["a", "a", "b", "b"] })).toThrow(
      "different names cannot be drawn from 2",
    );
  });
});

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
  describe("with shares", () => {
    const mix = [
      { rows: Uint32Array.from({ length: 90 }, (_, i) => i), share: 1 },
      { rows: Uint32Array.from({ length: 10 }, (_, i) => 90 + i), share: 1 },
    ];
    const old = (rows: Iterable<number>) => [...rows].filter((row) => row >= 90);
    const epochs = (batches: number, s = sampler({ rows: 120, batch: 10, seed: 1, mix })) =>
      Array.from({ length: batches }, (_, i) => [...s.batch(i + 1)]);
    it("gives each portion its share of an epoch, some rows again and others in the next one", () => {
      const rows = epochs(20).flat();
      expect(old(rows.slice(0, 100))).toHaveLength(50);
      expect(rows.every((row) => row < 100)).toBe(true); // rows of no portion take no part
      const first = old(rows.slice(0, 100));
      for (let row = 90; row < 100; row++) expect(first.filter((other) => other === row)).toHaveLength(5);
      // 50 of 90 in each epoch: the second one begins with the 40 that are left.
      const young = rows.filter((row) => row < 90);
      expect(new Set(young).size).toBe(90);
    });
    it("mixes them within batches, in which rows of one name never meet", () => {
      expect(epochs(10).filter((rows) => old(rows).length > 0 && old(rows).length < 10)).toHaveLength(10);
      const distinct = Array.from({ length: 120 }, (_, row) => row);
      for (const rows of epochs(9, sampler({ rows: 120, batch: 10, seed: 1, mix, distinct })))
        expect(new Set(rows).size).toBe(10);
    });
    it("draws the same in whatever order steps are asked", () => {
      const s = sampler({ rows: 120, batch: 10, seed: 1, mix });
      s.batch(25);
      expect([...s.batch(3)]).toEqual(epochs(3)[2]);
      expect(s.epoch).toBe(10);
    });
    it("takes the rows of portions alone when it counts what a batch is drawn from", () => {
      const few = [{ rows: Uint32Array.of(3, 4), share: 1 }];
      expect(() => sampler({ rows: 100, batch: 4, seed: 0, mix: few })).toThrow("of 4 rows cannot be drawn from 2.");
    });
  });
  it("says when a batch cannot be drawn", () => {
    expect(() => sampler({ rows: 3, batch: 4, seed: 0 })).toThrow("A batch of 4 rows cannot be drawn from 3.");
    expect(() => sampler({ rows: 4, batch: 3, seed: 0, distinct: ["a", "a", "b", "b"] })).toThrow(
      "different names cannot be drawn from 2",
    );
  });
});

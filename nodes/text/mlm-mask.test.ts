import { describe, expect, it } from "vitest";
import { floats, ids, runNode } from "#tests/kit/run-node";
import { mlmMask } from "./mlm-mask";

const [cls, sep, pad] = [2, 3, 0];
const length = 8;
/** A word of two tokens, one of one, padding: words 0, 1, and 2 to 4. */
const row = [cls, 10, 11, 12, sep, pad, pad, pad];
const shape = [1, length];
const all = (value: number) => floats(shape, Array<number>(length).fill(value));
const whole = { choose: "whole words", mask: 4, spared: "0, 2, 3" };
const masked = async (order: number[], probability: number, more = {}) => {
  const result = await runNode(
    mlmMask,
    {
      ids: ids(shape, row),
      pieces: ids(shape, [0, 0, 1, 0, 0, 0, 0, 0]),
      order: ids(shape, order),
      masked: all(0.1),
      replaced: all(0.1),
      words: ids(shape, Array<number>(length).fill(20)),
      ...more,
    },
    { ...whole, probability },
  );
  return Object.fromEntries(Object.entries(result).map(([name, { data }]) => [name, Array.from(data, Number)]));
};

describe("masking whole words", () => {
  it("hides a word with all of its pieces", async () => {
    const { ids: shown, labels } = await masked([0, 1, 2, 3, 4, 5, 6, 7], 0.25);
    expect(shown).toEqual([cls, 4, 4, 12, sep, pad, pad, pad]);
    expect(labels).toEqual([-100, 10, 11, -100, -100, -100, -100, -100]);
  });
  it("passes over a word that no longer fits into the quota of the padded length", async () => {
    // round(8 · 0.125) is one token: the first word has two.
    expect((await masked([0, 1, 2, 3, 4, 5, 6, 7], 0.125)).taken).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
  });
  it("lets padding use up the quota, and then drops it", async () => {
    const { taken, labels, ids: shown } = await masked([2, 3, 0, 1, 4, 5, 6, 7], 0.25);
    expect(taken).toEqual([0, 0, 0, 0, 0, 1, 1, 0]);
    expect(labels?.every((label) => label === -100)).toBe(true);
    expect(shown).toEqual(row);
  });
  it("rounds halves to the even number, and takes one at least", async () => {
    // 8 · 0.3125 is 2.5.
    expect((await masked([1, 0, 2, 3, 4, 5, 6, 7], 0.3125)).taken).toEqual([0, 0, 0, 1, 0, 1, 0, 0]);
    expect((await masked([1, 0, 2, 3, 4, 5, 6, 7], 0)).taken).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
  });
  it("replaces or keeps what does not become the mask", async () => {
    const order = [1, 0, 2, 3, 4, 5, 6, 7];
    expect((await masked(order, 0.125, { masked: all(0.9) })).ids?.[3]).toBe(20);
    expect((await masked(order, 0.125, { masked: all(0.9), replaced: all(0.9) })).ids?.[3]).toBe(12);
  });
  it("says what is missing", async () => {
    await expect(masked([0, 1, 2, 3, 4, 5, 6, 7], 0.25, { order: undefined })).rejects.toThrow("“order”");
  });
});

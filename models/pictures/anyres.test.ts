import { describe, expect, it } from "vitest";
import { type AnyResRule, planAnyRes, resolutionsFrom } from "./anyres";
import { joinedPackings, tilePacking, videoPacking } from "./packing";

/** Of the size, its tokens: counted by hand after the paper's and the code's rule. */
function tokensOf(rule: AnyResRule, sizes: readonly (readonly [number, number])[]): number[] {
  return sizes.map(([width, height]) => planAnyRes({ width, height }, rule).tokens);
}
const range = (text: string, tile: number, side: number, most?: number): AnyResRule => ({
  tile,
  side,
  resolutions: resolutionsFrom(text, tile),
  most,
});
const onevision = range("(1x1),...,(6x6)", 384, 27, 9);
const next = range("[(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)]", 336, 24);
const five = range("(384, 768), (768, 384), (768, 768), (1152, 384), (384, 1152)", 384, 27);
const toy = range("(1x1),…,(3x3)", 32, 4, 4);

describe("tokens of a picture", () => {
  it("are LLaVA-OneVision's", () => {
    const sizes = [
      [1000, 600],
      [600, 1000],
      [384, 384],
      [100, 100],
      [640, 480],
      [800, 600],
      [1024, 1024],
      [1920, 1080],
      [2304, 2304],
    ] as const;
    expect(tokensOf(onevision, sizes)).toEqual([4665, 4698, 1485, 1485, 2929, 4725, 7371, 7269, 7371]);
    const plan = planAnyRes({ width: 1920, height: 1080 }, onevision);
    expect(plan).toMatchObject({ tiles: 16, map: [81, 135], rows: [3, 78], columns: [0, 135], pooled: [60, 108] });
    expect(plan.ratio).toBeCloseTo(1.2423, 4);
  });

  it("are LLaVA-NeXT's, whose tie is won by the resolution that is named first", () => {
    const sizes = [
      [1000, 600],
      [600, 1000],
      [640, 480],
      [1024, 1024],
      [336, 336],
    ] as const;
    expect(tokensOf(next, sizes)).toEqual([1948, 1968, 2340, 2928, 1176]);
    expect(planAnyRes({ width: 336, height: 336 }, next).resolution).toEqual({ width: 336, height: 672 });
  });

  it("are those of SigLIP's five resolutions, and of the toy preset", () => {
    expect(
      tokensOf(five, [
        [1000, 600],
        [384, 384],
      ]),
    ).toEqual([2489, 1513]);
    const sizes = [
      [64, 64],
      [96, 64],
      [100, 60],
      [64, 128],
      [128, 128],
      [200, 50],
      [32, 32],
    ] as const;
    expect(tokensOf(toy, sizes)).toEqual([88, 76, 76, 100, 88, 68, 36]);
  });

  it("are those that were counted by hand", () => {
    // 2 × 1 tiles: 27 rows of 54 and an end each. 6 × 1: r = √(6 / 9). 5 × 5: r is the number next above 5/3, of which
    // 135 holds 80 whole ones and not 81, as Python's // counts them. 3 × 3: r = 1.
    const sizes = [
      [768, 384],
      [2304, 384],
      [1920, 1920],
      [1152, 1152],
      [1536, 768],
    ] as const;
    const grids = [27 * 55, 27 * 163, 80 * 81, 81 * 82, 54 * 109];
    expect(tokensOf(onevision, sizes)).toEqual(grids.map((tokens) => 729 + tokens));
    // A hundred pixels in 3 × 3 tiles of 32, none shrunk: what is left of the map is all that counts.
    const free = range("(1x1),…,(3x3)", 32, 4);
    const others = [
      [96, 96],
      [96, 32],
      [32, 96],
      [64, 32],
      [48, 96],
    ] as const;
    expect(tokensOf(free, others)).toEqual([12 * 13, 4 * 13, 12 * 5, 4 * 9, 12 * 7].map((tokens) => 16 + tokens));
  });

  it("are, for LLaVA-NeXT's resolutions, those that were counted by hand", () => {
    // Four fill their resolution: 24 features a tile and side. 800 × 200 keeps all its pixels in 1008 × 336 alone, at
    // 1008 × 252: of 24 rows int(200 · 72 / 800) = 18 are left, 3 cut off at either end.
    const sizes = [
      [672, 336],
      [336, 672],
      [1008, 336],
      [672, 672],
      [800, 200],
    ] as const;
    const grids = [24 * 49, 48 * 25, 24 * 73, 48 * 49, 18 * 73];
    expect(tokensOf(next, sizes)).toEqual(grids.map((tokens) => 576 + tokens));
  });

  it("are, for SigLIP's five resolutions, those that were counted by hand", () => {
    // Four fill their resolution. 800 × 200 goes to 1152 × 384: int(200 · 81 / 800) = int(20.25) = 20 of 27 rows show
    // it, (27 − 20) // 2 = 3 are cut off at either end, and so 21 are left.
    const sizes = [
      [768, 384],
      [384, 768],
      [768, 768],
      [384, 1152],
      [800, 200],
    ] as const;
    const grids = [27 * 55, 54 * 28, 54 * 55, 81 * 28, 21 * 82];
    expect(tokensOf(five, sizes)).toEqual(grids.map((tokens) => 729 + tokens));
  });

  it("are, for the toy preset, those that were counted by hand", () => {
    // 96 × 96: r = √(12 · 12 / (4 · 16)) = 1.5, so 8 × 8. Three fill their grid with fewer features than four tiles'.
    // 48 × 96 goes to 64 × 96, of whose 8 columns int(48 · 12 / 96) = 6 are left; r = √(72 / 64) = 1.06 keeps them.
    const sizes = [
      [96, 96],
      [64, 32],
      [32, 96],
      [96, 32],
      [48, 96],
    ] as const;
    const grids = [8 * 9, 4 * 9, 12 * 5, 4 * 13, 12 * 7];
    expect(tokensOf(toy, sizes)).toEqual(grids.map((tokens) => 16 + tokens));
  });

  it("differ where transformers rounds", () => {
    const both = ([width, height]: readonly [number, number]) =>
      (["official", "transformers"] as const).map(
        (rounding) => planAnyRes({ width, height }, { ...onevision, rounding }).tokens,
      );
    expect(both([820, 369])).toEqual([2349, 2403]);
    expect(both([1107, 820])).toEqual([5567, 5731]);
    expect(both([1920, 1080])).toEqual([7269, 7269]);
  });
});

describe("resolutions", () => {
  it("are all grids between two, columns outermost", () => {
    expect(resolutionsFrom("(1x1),…,(2x2)", 10)).toEqual([
      { width: 10, height: 10 },
      { width: 10, height: 20 },
      { width: 20, height: 10 },
      { width: 20, height: 20 },
    ]);
    expect(onevision.resolutions.length).toBe(36);
  });

  it("must be some, of whole tiles", () => {
    expect(() => resolutionsFrom("6x6", 384)).toThrow("names no grids");
    expect(() => resolutionsFrom("(2x2),…,(1x1)", 384)).toThrow("names no grids");
    expect(() => resolutionsFrom("(336, 672)", 384)).toThrow("336 × 672 are no whole tiles of 384");
  });
});

describe("several pictures and frames", () => {
  it("are a tile and an end each: 730 tokens, twelve 8760", () => {
    const one = tilePacking(729, { end: true });
    const twelve = Array.from({ length: 12 }, () => one);
    expect(joinedPackings(twelve, 729)).toMatchObject({ tokens: 8760, tiles: 12, isPlain: true });
  });

  it("are 196 tokens a frame, with one end for all: 32 frames 6273", () => {
    expect(videoPacking(32, 27)).toMatchObject({ tokens: 6273, tiles: 32, isPlain: false });
    expect(videoPacking(3, 5, "grid").tokens).toBe(3 * 3 * 4);
    expect(videoPacking(3, 5, "frame").tokens).toBe(3 * (9 + 1));
    expect(videoPacking(3, 5, "no_token").tokens).toBe(27);
  });

  it("have weights that add up to one", () => {
    const { weights } = videoPacking(2, 27);
    for (let i = 0; i < weights.length; i += 4)
      expect(weights.subarray(i, i + 4).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
  });
});

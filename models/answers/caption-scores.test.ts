import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CaptionScores } from "./caption-scores";
import { captionTokens } from "./caption-tokens";

interface Expected {
  rows: { caption: string; references: string[]; tokens: string[] }[];
  bleu: number[];
  rougeL: number;
  rougeLOfRows: number[];
  cider: number;
  ciderOfRows: number[];
}
/** By COCO's own evaluation: tests/fixtures/captions.py. */
const expected: Expected = JSON.parse(readFileSync("tests/fixtures/captions.json", "utf8"));

function near(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  for (const [i, number] of got.entries()) expect(number).toBeCloseTo(want[i] as number, 9);
}

describe("Caption scores", () => {
  it("count the words that COCO's tokenizer counts", () => {
    for (const { caption, references, tokens } of expected.rows) {
      expect([caption, ...references].map((text) => captionTokens(text).join(" "))).toEqual(tokens);
    }
  });
  it("are those of COCO's evaluation: BLEU, ROUGE-L and CIDEr-D", () => {
    const scores = new CaptionScores();
    near(
      expected.rows.map(({ caption, references }) => scores.add(caption, references)),
      expected.rougeLOfRows,
    );
    near(scores.bleu(), expected.bleu);
    near([scores.rougeL()], [expected.rougeL]);
    near(scores.ciderD(), expected.ciderOfRows);
  });
  it("find nothing rare in a single row", () => {
    const scores = new CaptionScores();
    expect(scores.add("a cat", ["a cat"])).toBeCloseTo(1, 12);
    expect(scores.ciderD()).toEqual([0]);
  });
});

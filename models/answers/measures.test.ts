import { describe, expect, it } from "vitest";
import { exactMatch, levenshteinSimilarity, relaxedMatch, vqaAccuracy } from "./measures";
import { normalizedAnswer } from "./vqa-words";

describe("VQA's words", () => {
  it("lose punctuation beside spaces, and get spaces for other marks", () => {
    expect(normalizedAnswer("Yes, it is!")).toBe("yes it is"); // "!" at the end becomes a space, which goes
    expect(normalizedAnswer("red/blue")).toBe("red blue");
    expect(normalizedAnswer("tennis-racket")).toBe("tennis racket");
    expect(normalizedAnswer("1,000 - 2")).toBe("1000 2"); // a comma between digits: every mark goes
  });
  it("keep a full stop before a digit alone", () => {
    expect(normalizedAnswer("3.5 m.")).toBe("3.5 m");
    expect(normalizedAnswer("U.S.A.")).toBe("usa");
  });
  it("have no articles, numbers as digits, and their apostrophes", () => {
    expect(normalizedAnswer("The Two dogs and a cat")).toBe("2 dogs and cat");
    expect(normalizedAnswer("none")).toBe("0");
    expect(normalizedAnswer("dont")).toBe("don't");
    expect(normalizedAnswer("couldnt've")).toBe("couldn't've");
    expect(normalizedAnswer("well")).toBe("well"); // not "we'll"
  });
});

describe("exact match", () => {
  it("compares as written, without case, or in VQA's words", () => {
    expect(exactMatch(" Two ", ["Two"], "as written")).toBe(1);
    expect(exactMatch("two", ["Two"], "as written")).toBe(0);
    expect(exactMatch("two", ["one", "Two"], "without case")).toBe(1);
    expect(exactMatch("2", ["Two."], "without case")).toBe(0);
    expect(exactMatch("The 2", ["Two."], "VQA words")).toBe(1);
  });
});

describe("VQA accuracy", () => {
  const annotators = (said: Record<string, number>) =>
    Object.entries(said).flatMap(([answer, count]) => Array<string>(count).fill(answer));
  it("averages min(1, others / 3) over leaving out each of ten annotators", () => {
    // 2 of 10: each of these two sees 1 other, the eight others see 2.
    expect(vqaAccuracy("cat", annotators({ cat: 2, dog: 8 }))).toBeCloseTo((2 * (1 / 3) + 8 * (2 / 3)) / 10, 12);
    // 3 of 10: three see 2, seven see 3.
    expect(vqaAccuracy("cat", annotators({ cat: 3, dog: 7 }))).toBeCloseTo((3 * (2 / 3) + 7) / 10, 12);
    expect(vqaAccuracy("cat", annotators({ cat: 4, dog: 6 }))).toBe(1);
    expect(vqaAccuracy("cow", annotators({ cat: 4, dog: 6 }))).toBe(0);
  });
  it("normalizes words where annotators differ, and nothing where all agree", () => {
    expect(vqaAccuracy("The Cat.", annotators({ cat: 4, dog: 6 }))).toBe(1);
    expect(vqaAccuracy("Cat", annotators({ cat: 10 }))).toBe(0);
    expect(vqaAccuracy("cat\n", annotators({ cat: 10 }))).toBe(1);
  });
});

describe("relaxed accuracy", () => {
  it("lets a number be off by a twentieth of the right one", () => {
    expect(relaxedMatch("105", ["100"])).toBe(1);
    expect(relaxedMatch("95.0", ["100"])).toBe(1);
    expect(relaxedMatch("105.1", ["100"])).toBe(0);
    expect(relaxedMatch("-21", ["-20"])).toBe(1);
    expect(relaxedMatch("20", ["-20"])).toBe(0);
  });
  it("reads per cent as hundredths, as the official measure does", () => {
    expect(relaxedMatch("12%", ["0.12"])).toBe(1);
    expect(relaxedMatch("12", ["12%"])).toBe(0);
  });
  it("compares words, and what should be 0, as texts", () => {
    expect(relaxedMatch("Germany", ["germany"])).toBe(1);
    expect(relaxedMatch("0.0", ["0"])).toBe(0);
    expect(relaxedMatch("0", ["0"])).toBe(1);
    expect(relaxedMatch("twelve", ["12"])).toBe(0);
  });
});

describe("ANLS", () => {
  it("is 1 − distance / longer length to the nearest answer", () => {
    expect(levenshteinSimilarity("kitten", ["sitting"])).toBeCloseTo(1 - 3 / 7, 12);
    expect(levenshteinSimilarity("Hello  World", ["hello world", "x"])).toBe(1);
    expect(levenshteinSimilarity("12/04", ["12/05", "11-05"])).toBeCloseTo(0.8, 12);
  });
  it("is 0 below the threshold, and counts at it", () => {
    expect(levenshteinSimilarity("ab", ["ac"])).toBe(0.5);
    expect(levenshteinSimilarity("abc", ["axy"])).toBe(0);
    expect(levenshteinSimilarity("abc", ["axy"], 0.3)).toBeCloseTo(1 / 3, 12);
    expect(levenshteinSimilarity("", ["abc"])).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { rightAnswers } from "./right-answers";

describe("right answers", () => {
  it("are those of a list, of texts, numbers and objects, or the text itself", () => {
    expect(rightAnswers('["a", 2, {"answer": "b"}, {"caption": "c"}, {"answer": {"answer": "d"}}]', "Row 1")).toEqual([
      "a",
      "2",
      "b",
      "c",
      "d",
    ]);
    expect(rightAnswers("[not a list", "Row 1")).toEqual(["[not a list"]);
  });
  it("say in few words what is none, however deep or large that is", () => {
    const deepList = "[".repeat(200_000) + "]".repeat(200_000);
    expect(() => rightAnswers(deepList, "Row 3")).toThrow(
      "Row 3 has a list among its right answers, which is no text.",
    );
    const large = JSON.stringify([{ other: "x".repeat(1_000_000) }]);
    expect(() => rightAnswers(large, "Row 4")).toThrow(
      "Row 4 has an object without a text among its right answers, which is no text.",
    );
    expect(() => rightAnswers("[null]", "Row 5")).toThrow("Row 5 has the value null among its right answers");
    const deepObject = `[${'{"answer":'.repeat(100_000)}"x"${"}".repeat(100_000)}]`;
    expect(rightAnswers(deepObject, "Row 6")).toEqual(["x"]);
  });
});

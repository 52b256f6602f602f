import { describe, expect, it } from "vitest";
import { findByCategory } from "./node-catalogue";

const firstOf = (search: string): string | undefined => findByCategory(search)[0]?.found[0]?.title;

describe("the search of the palette", () => {
  it("begins with the node of that very name, whatever else holds the word", () => {
    const titles = findByCategory("resize").flatMap(({ found }) => found.map(({ title }) => title));
    expect(titles).toContain("Min-max resize");
    expect(firstOf("resize")).toBe("Resize");
    expect(firstOf("Trainer")).toBe("Trainer");
  });
  it("goes on with those whose titles begin so, and then those that say the word at all", () => {
    expect(firstOf("train tok")).toBe("Train tokenizer");
    expect(findByCategory("no such node")).toEqual([]);
  });
  it("has all nodes in the order in which graphs are built where nothing is searched for", () => {
    expect(
      findByCategory("")
        .map(({ category }) => category)
        .slice(0, 3),
    ).toEqual(["data", "image", "text"]);
  });
});

import { describe, expect, it } from "vitest";
import type { NodeDefinition } from "#nodes/core/node";
import { registry } from "#nodes/registry.gen";
import { findByCategory, searchNodes } from "./node-search";

const definitions = Object.values<NodeDefinition>(registry);
const synonyms = Object.fromEntries(definitions.map(({ type, synonyms = [] }) => [type, synonyms]));
const firstOf = (search: string): string | undefined => findByCategory(search, synonyms)[0]?.found[0]?.title;

describe("the search of nodes", () => {
  it("begins with the node of that very name, whatever else holds the word", () => {
    const titles = findByCategory("resize", synonyms).flatMap(({ found }) => found.map(({ title }) => title));
    expect(titles.slice(0, 2)).toEqual(["Resize", "Min-max resize"]);
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
  it("finds nodes by the words of other tools, those that are called so before those that begin so", () => {
    expect(firstOf("nn.linear")).toBe("Linear");
    expect(firstOf("ema")).toBe("Moving average");
    expect(firstOf("CheckpointLoader")).toBe("Load checkpoint");
    expect(searchNodes(definitions, "vit", synonyms).map(({ title }) => title)).toEqual(
      expect.arrayContaining(["ViT (timm)", "Vision transformer"]),
    );
    expect(findByCategory("nn.linear")).toEqual([]);
  });
  it("asks of a synonym that nothing else on the node says so, and that it is there once", () => {
    for (const { type, synonyms = [], ...named } of definitions) {
      for (const name of synonyms) expect(searchNodes([{ type, ...named }], name), `${type}: ${name}`).toEqual([]);
      expect(new Set(synonyms.map((name) => name.toLowerCase())).size, type).toBe(synonyms.length);
    }
  });
});

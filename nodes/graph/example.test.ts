import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { check } from "./check";
import type { GraphDocument } from "./document";
import { paste } from "./edits";
import { exampleOf } from "./example";
import { parseText } from "./parse";

const templates = readdirSync("nodes/templates")
  .filter((name) => name.endsWith(".json"))
  .map((name) => parseText(readFileSync(`nodes/templates/${name}`, "utf8")).document as GraphDocument);

describe("an example of a node type", () => {
  it("is the node with what feeds it, and may be put into any graph", () => {
    const example = exampleOf(templates, "text.tokenize");
    expect(example?.name).toBeTruthy();
    const types = Object.values(example?.part.nodes ?? {}).map(({ type }) => type);
    expect(types).toContain("text.tokenize");
    expect(types.length).toBeGreaterThan(1);
    const { document } = paste(graph({}), example?.part ?? { nodes: {}, wires: [] }, { x: 0, y: 0 });
    const codes = check(document).problems.map(({ code }) => code);
    expect(codes.filter((code) => code !== "missing-input")).toEqual([]);
  });

  it("is found inside of composites, and nothing where no graph uses the type", () => {
    expect(exampleOf(templates, "model.vision-transformer")).toBeDefined();
    expect(exampleOf(templates, "no.such-node")).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { along, nextNode } from "./neighbours";

/** Two sources above each other that meet in one node, with another behind. */
function diamond() {
  const document = graph({ a: ["text.input"], b: ["text.input"], c: ["text.prompts"], d: ["text.trim"] }, [
    "a.text -> c.text",
    "b.text -> c.text",
    "c.text -> d.text",
  ]);
  const places = { a: [0, 0], b: [0, 200], c: [300, 150], d: [600, 150] };
  for (const [id, [x = 0, y = 0]] of Object.entries(places)) {
    const node = document.nodes[id];
    if (node) node.position = { x, y };
  }
  return document;
}

describe("walking a graph", () => {
  it("follows wires to the sides, to the nearest of several, and goes up and down in a column", () => {
    const document = diamond();
    expect(nextNode(document, "c", "left")).toBe("b");
    expect(nextNode(document, "a", "right")).toBe("c");
    expect(nextNode(document, "a", "down")).toBe("b");
    expect(nextNode(document, "b", "up")).toBe("a");
    expect(nextNode(document, "d", "right")).toBeUndefined();
  });
  it("begins at the upper left from nowhere, and nowhere in an empty graph", () => {
    expect(nextNode(diamond(), undefined, "right")).toBe("a");
    expect(nextNode(graph({}), undefined, "right")).toBeUndefined();
  });
  it("gathers what lies before and behind", () => {
    expect([...along(diamond(), ["c"], "upstream")].sort()).toEqual(["a", "b", "c"]);
    expect([...along(diamond(), ["a"], "downstream")].sort()).toEqual(["a", "c", "d"]);
  });
});

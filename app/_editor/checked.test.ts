import { describe, expect, it } from "vitest";
import { moveNodes, setParam } from "#nodes/graph/edits";
import { graph } from "#tests/kit/graphs";
import { checkDocument } from "./checked";

const document = graph(
  { data: ["data.emoji"], resize: ["image.resize"], augment: ["image.augment"], lost: ["image.resize"] },
  ["data.image -> resize.image", "resize.image -> augment.image"],
);

describe("the check of a document, node by node", () => {
  it("keeps what is known of the nodes that a new parameter does not reach", () => {
    const before = checkDocument(document);
    const after = checkDocument(setParam(document, "augment", "grey", 0.5), before);
    for (const id of ["data", "resize", "lost"]) expect(after.nodes.get(id)).toBe(before.nodes.get(id));
  });

  it("keeps all of it when nodes are moved", () => {
    const before = checkDocument(document);
    const after = checkDocument(moveNodes(document, { data: { x: 9, y: 9 }, lost: { x: 5, y: 5 } }), before);
    for (const id of Object.keys(document.nodes)) expect(after.nodes.get(id)).toBe(before.nodes.get(id));
  });

  it("has the problems of each node", () => {
    const { nodes } = checkDocument(document);
    expect(nodes.get("lost")?.problems.map((problem) => problem.code)).toEqual(["missing-input"]);
    expect(nodes.get("resize")?.problems).toEqual([]);
  });
});

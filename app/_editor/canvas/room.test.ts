import { describe, expect, it } from "vitest";
import { insertion } from "#nodes/graph/inserting";
import { addNode } from "#nodes/graph/edits";
import type { Wire } from "#nodes/graph/document";
import { tinyTower } from "#tests/kit/graphs";
import { withRoom } from "./room";

const wire: Wire = { from: { node: "resize", port: "image" }, to: { node: "normalize", port: "image" } };
const sizeOf = () => ({ width: 240, height: 120 });

function inserted(distance: number) {
  const document = tinyTower();
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * distance, y: 0 };
  const added = addNode(document, "image.augment", { x: 0, y: 0 }).document;
  const before = insertion(wire, "augment", { input: "image", output: "image" })(added);
  return { before, after: withRoom(before, "augment", wire, sizeOf) };
}
const xOf = ({ nodes }: { nodes: Record<string, { position: { x: number } }> }, id: string) =>
  nodes[id]?.position.x ?? 0;

describe("a node put into a wire", () => {
  it("moves nothing where there is room", () => {
    const { before, after } = inserted(700);
    for (const id of ["data", "resize", "normalize", "norm"]) expect(after.nodes[id]).toBe(before.nodes[id]);
    expect(xOf(after, "augment")).toBe(700 + 240 + (700 - 480) / 2);
  });
  it("moves all that follows by the same lacking amount, and nothing overlaps", () => {
    const { before, after } = inserted(300);
    const moved = ["normalize", "vision", "projector", "norm"].map((id) => xOf(after, id) - xOf(before, id));
    expect(new Set(moved).size).toBe(1);
    expect(moved[0]).toBe(250);
    expect(xOf(after, "resize")).toBe(300);
    expect(xOf(after, "augment")).toBeGreaterThan(300 + 240);
    expect(xOf(after, "augment") + 240).toBeLessThan(xOf(after, "normalize"));
  });
});

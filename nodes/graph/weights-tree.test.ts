import { describe, expect, it } from "vitest";
import { tinyClip, tinyTower } from "#tests/kit/graphs";
import { check } from "./check";
import type { GraphDocument } from "./document";
import { addNode, connect, setParam } from "./edits";
import { make } from "./make-composite";
import { parametersOf } from "./weights-tree";

const totals = (document: GraphDocument, id: string) => {
  const sums = { trains: 0, frozen: 0, kept: 0 };
  for (const { state, count } of parametersOf(check(document), id)) sums[state] += count;
  return sums;
};

/** The tower with a checkpoint, and nodes on the wire between. */
function fed(...types: string[]): GraphDocument {
  let document = tinyTower();
  let last = { node: "", port: "weights" };
  for (const type of ["weights.load", ...types]) {
    const added = addNode(document, type, { x: 0, y: 0 });
    document = added.document;
    if (last.node) document = connect(document, { from: last, to: { node: added.id, port: "weights" } });
    last = { node: added.id, port: "weights" };
  }
  return connect(document, { from: last, to: { node: "vision", port: "weights" } });
}

describe("the parameters of a node", () => {
  it("are those that it makes, by name and shape", () => {
    const projector = parametersOf(check(tinyTower()), "projector");
    expect(projector.map(({ name, shape, state }) => [name, shape, state])).toEqual([
      ["projection.proj.weight", [32, 8], "trains"],
    ]);
    expect(parametersOf(check(tinyTower()), "resize")).toEqual([]);
  });

  it("of a node on a weights wire are those of what reads its handle", () => {
    const document = fed();
    expect(totals(document, "load")).toEqual(totals(document, "vision"));
    expect(totals(document, "load").trains).toBeGreaterThan(1000);
  });

  it("do not train where they are frozen, and adapters train beside them", () => {
    const all = totals(fed(), "vision").trains;
    expect(totals(fed("weights.freeze"), "load")).toEqual({ trains: 0, frozen: all, kept: 0 });
    const half = setParam(fed("weights.freeze"), "freeze", "names", "*weight");
    expect(totals(half, "vision").frozen).toBeLessThan(all);
    expect(totals(half, "vision").frozen + totals(half, "vision").trains).toBe(all);
    const adapted = totals(setParam(fed("weights.lora"), "lora", "rank", 2), "vision");
    expect(adapted.frozen).toBe(all);
    expect(adapted.trains).toBe(2 * (32 + 96) + 2 * (32 + 32));
  });

  it("before a trainer are all that its loss depends on, inside of composites too", () => {
    const document = tinyClip();
    const before = totals(document, "trainer");
    expect(before.trains).toBeGreaterThan(10_000);
    const made = make(document, ["vision", "image_projector"], { title: "Tower" })?.document as GraphDocument;
    expect(totals(made, "trainer")).toEqual(before);
  });
});

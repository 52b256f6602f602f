import { describe, expect, it } from "vitest";
import { within } from "#nodes/graph/composite-edits";
import type { GraphDocument } from "#nodes/graph/document";
import { disconnect, removeNodes, setName, setParam } from "#nodes/graph/edits";
import { make } from "#nodes/graph/make-composite";
import { tinyTower } from "#tests/kit/graphs";
import { changeBetween } from "./change-between";
import { pathToComposite } from "./composites/opening";

describe("what a step of the history changed", () => {
  const before = tinyTower();
  it("are nodes that are others, places of those that are gone, and ends of wires", () => {
    expect(changeBetween(before, setParam(before, "resize", "width", 8))?.nodes).toEqual(["resize"]);
    const without = changeBetween(before, removeNodes(before, ["norm"]));
    expect(without).toMatchObject({ nodes: [], gone: [before.nodes.norm?.position], near: ["projector"] });
    const cut = changeBetween(before, disconnect(before, before.wires.slice(0, 1)));
    expect(cut?.near).toEqual(["data", "resize"]);
  });
  it("is nothing that is seen where only a text changed", () => {
    expect(changeBetween(before, setName(before, "new"))).toBeUndefined();
  });
  it("may lie inside of a composite, to which there is a way", () => {
    const { document } = make(before, ["normalize", "vision"], { title: "Tower" }) as { document: GraphDocument };
    const changed = within(document, "tower", (inside) => setParam(inside, "vision", "layers", 2));
    expect(changeBetween(document, changed)).toMatchObject({ composite: "tower", nodes: ["vision"] });
    expect(pathToComposite(changed, "tower")).toEqual(["tower"]);
    expect(pathToComposite(changed, undefined)).toEqual([]);
    expect(pathToComposite(changed, "gone")).toBeUndefined();
  });
});

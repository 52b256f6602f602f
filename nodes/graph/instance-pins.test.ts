import { describe, expect, it } from "vitest";
import { tinyTower } from "#tests/kit/graphs";
import { check } from "./check";
import { within } from "./composite-edits";
import type { GraphDocument, Pin } from "./document";
import { parseText } from "./parse";
import { setPinAt, withPinsOfInstance, withPinsSeen } from "./pinning";
import { excerpt, paste, removeNodes, withoutPins } from "./edits";
import { flattened } from "./flatten";

import { expand, make } from "./make-composite";

const pin: Pin = {
  at: "2026-11-01T10:00:00.000Z",
  ref: "a".repeat(64),
  bytes: 1024,
  params: {},
  outputs: { pixels: { type: "tensor", dtype: "float32", shape: [6, 3, 16, 16] } },
};

/** Two instances of a tower, in each of which lies an instance of another composite with the node “normalize”. */
function twoTowers(): GraphDocument {
  const inner = make(tinyTower(), ["normalize"], { title: "Inner" });
  const outer = make(inner?.document as GraphDocument, ["inner", "vision"], { title: "Tower" });
  const { document } = outer as { document: GraphDocument };
  return paste(document, excerpt(document, ["tower"]), { x: 0, y: 400 }).document;
}

const pinnedIn = (document: GraphDocument): string[] =>
  Object.entries(flattened(document).document.nodes).flatMap(([id, node]) => (node.pin ? [id] : []));

describe("a pin inside of an instance", () => {
  it("holds for that instance alone, also where it lies in several, and is taken away by itself", () => {
    const document = twoTowers();
    expect(flattened(document).instances.has("tower_2/inner")).toBe(true);
    const pinned = setPinAt(document, "tower_2/inner/normalize", pin);
    expect(pinnedIn(pinned)).toEqual(["tower_2/inner/normalize"]);
    expect(pinned.composites).toEqual(document.composites);
    const both = setPinAt(pinned, "tower/inner/normalize", pin);
    expect(pinnedIn(both)).toEqual(["tower/inner/normalize", "tower_2/inner/normalize"]);
    expect(pinnedIn(setPinAt(both, "tower/inner/normalize", undefined))).toEqual(["tower_2/inner/normalize"]);
    expect(setPinAt(pinned, "tower_2/inner/normalize", undefined)).toEqual(document);
    expect(pinnedIn(withoutPins(both))).toEqual([]);
  });

  it("can be of an instance in the instance, which is not run then in this one", () => {
    const pinned = setPinAt(twoTowers(), "tower_2/inner", pin);
    const { graph } = check(pinned);
    expect(graph.nodes.get("tower_2/inner")?.pin).toEqual(pin);
    expect(graph.nodes.has("tower/inner/normalize")).toBe(true);
    expect(graph.nodes.has("tower_2/inner/normalize")).toBe(false);
  });

  it("is unpinned wherever that was said: in the composite, too", () => {
    const document = twoTowers();
    const shared = within(document, "inner", (graph) => ({
      ...graph,
      nodes: { ...graph.nodes, normalize: { ...graph.nodes.normalize, pin } as GraphDocument["nodes"][string] },
    }));
    expect(pinnedIn(shared)).toEqual(["tower/inner/normalize", "tower_2/inner/normalize"]);
    expect(setPinAt(shared, "tower/inner/normalize", undefined)).toEqual(document);
  });

  it("goes along where its instance is expanded, and where what it is of is put into a composite or out of one", () => {
    const document = setPinAt(twoTowers(), "tower_2/inner/normalize", pin);
    const outside = expand(document, "tower_2")?.document as GraphDocument;
    expect(pinnedIn(outside)).toHaveLength(1);
    const apart = within(document, "tower", (graph) => expand(graph, "inner", { inside: "tower" })?.document ?? graph);
    expect(pinnedIn(apart)).toEqual(["tower_2/normalize"]);
    const together = within(
      apart,
      "tower",
      (graph) => make(graph, ["normalize"], { title: "Again", inside: "tower" })?.document ?? graph,
    );
    expect(pinnedIn(together)).toEqual(["tower_2/again/normalize"]);
    expect(pinnedIn(within(together, "tower", (graph) => removeNodes(graph, ["again"])))).toEqual([]);
  });

  it("goes along with a copy, and holds where that was put alone", () => {
    const document = setPinAt(setPinAt(twoTowers(), "tower_2/inner/normalize", pin), "tower_2/vision", pin);
    const inside = document.composites?.tower?.nodes ?? {};
    const seen = withPinsSeen(document, ["tower_2"], inside);
    expect(seen.vision?.pin).toEqual(pin);
    expect(seen.inner?.pins).toEqual({ normalize: pin });
    expect(withPinsSeen(document, ["tower"], inside)).toEqual(inside);
    let ids: string[] = [];
    const copied = within(document, "tower", (level) => {
      const result = paste(level, excerpt({ ...level, nodes: seen }, ["inner", "vision"]), { x: 0, y: 200 });
      ids = result.ids;
      return result.document;
    });
    expect(pinnedIn(copied)).toContain("tower/vision_transformer");
    const own = withPinsOfInstance(copied, ["tower_2"], ids);
    expect(pinnedIn(own).toSorted()).toEqual(
      ["inner/normalize", "inner_2/normalize", "vision", "vision_transformer"].map((way) => `tower_2/${way}`),
    );
    expect(withPinsOfInstance(document, [], ["data"])).toBe(document);
  });

  it("goes when its node does, and is read again as it was written", () => {
    const document = setPinAt(twoTowers(), "tower_2/inner/normalize", pin);
    const { document: read } = parseText(JSON.stringify(document));
    expect(read).toEqual(document);
    const gone = within(document, "inner", (graph) => removeNodes(graph, ["normalize"]));
    expect(gone.nodes.tower_2?.pins).toBeUndefined();
  });
});

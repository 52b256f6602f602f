import { withoutUnused } from "./composites";
import { describe, expect, it } from "vitest";
import { graph, tinyTower } from "#tests/kit/graphs";
import { canConnect, check } from "./check";
import {
  labelParam,
  moveOuter,
  publish,
  publishWith,
  removePort,
  renamePort,
  setCompositeText,
  unpublish,
  unpublishTarget,
  within,
} from "./composite-edits";
import type { GraphDocument } from "./document";
import { addNode, connect, excerpt, paste, removeNodes, setParam } from "./edits";
import { updatedTo } from "./library";
import { expand, make } from "./make-composite";
import { parsePart } from "./parse";
import { partText } from "./part-text";

const plain = tinyTower();
/** The graph with its encoder and projector as the composite "tower", and a second instance of it. */
const towers = ((): GraphDocument => {
  const made = make(plain, ["normalize", "vision", "projector"], { title: "Tower" });
  const published = publish(made?.document as GraphDocument, "tower", "projector", "width");
  const { document } = addNode(published, "composite:tower", { x: 0, y: 300 });
  const wire = { from: { node: "resize", port: "image" }, to: { node: "tower_2", port: "image" } };
  return setParam(connect(document, wire), "tower_2", "width", 12);
})();
const composite = (document: GraphDocument) => document.composites?.tower;
const wiresOf = ({ wires }: GraphDocument) =>
  wires.map(({ from, to }) => `${from.node}.${from.port} -> ${to.node}.${to.port}`);

describe("inside of a composite", () => {
  it("an edit is one of all its instances", () => {
    const changed = within(towers, "tower", (inside) => setParam(inside, "vision", "layers", 2));
    expect(composite(changed)?.nodes.vision?.params.layers).toBe(2);
    expect(changed.nodes).toBe(towers.nodes);
    expect(within(towers, "tower", (inside) => inside)).toBe(towers);
  });

  it("a node that goes takes its ports, its published parameters and what instances have for them along", () => {
    const changed = within(towers, "tower", (inside) => removeNodes(inside, ["projector"]));
    expect(composite(changed)).toMatchObject({ inputs: { image: {} }, outputs: {}, params: {} });
    expect(changed.nodes.tower_2?.params).toEqual({});
    expect(wiresOf(changed)).not.toContain("tower.embedding -> norm.embedding");
    expect(wiresOf(changed)).toContain("resize.image -> tower.image");
  });

  it("a wire to the boundary makes a port", () => {
    const wire = { from: { node: "vision", port: "tokens" }, to: { node: "@outputs", port: "tokens" } };
    const changed = within(towers, "tower", (inside) => connect(inside, wire));
    expect(Object.keys(composite(changed)?.outputs ?? {})).toEqual(["embedding", "tokens"]);
    expect(canConnect(towers, wire, undefined, undefined, "tower")).toBeNull();
  });

  it("a wire that fits no instance is refused, and what is wrong elsewhere refuses none", () => {
    const wire = { from: { node: "normalize", port: "pixels" }, to: { node: "projector", port: "features" } };
    expect(canConnect(towers, wire, undefined, undefined, "tower")).toMatch(/expects|cannot be built/);
    const through = { from: { node: "@inputs", port: "image" }, to: { node: "@outputs", port: "image" } };
    expect(canConnect(towers, through, undefined, undefined, "tower")).toMatch(/begins or ends at a node/);
  });

  it("goes wrong at every level around where a port goes", () => {
    const shell = make(towers, ["tower", "norm"], { title: "Shell" });
    const changed = within(shell?.document as GraphDocument, "tower", (inside) => removeNodes(inside, ["normalize"]));
    expect(changed.composites?.shell?.inputs).toEqual({});
    expect(wiresOf(changed)).not.toContain("resize.image -> shell.image");
  });
});

describe("a boundary", () => {
  it("has ports that can be renamed, for all instances", () => {
    const renamed = renamePort(towers, "tower", "inputs", "image", "picture of it");
    expect(Object.keys(composite(renamed)?.inputs ?? {})).toEqual(["picture_of_it"]);
    expect(wiresOf(renamed)).toEqual(
      expect.arrayContaining(["resize.image -> tower.picture_of_it", "resize.image -> tower_2.picture_of_it"]),
    );
    expect(check(renamed).problems).toEqual(check(towers).problems);
    expect(renamePort(towers, "tower", "inputs", "image", "1st")).toBe(towers);
  });

  it("has ports that can be taken away and put in order", () => {
    expect(composite(removePort(towers, "tower", "inputs", "image"))?.inputs).toEqual({});
    const wire = { from: { node: "vision", port: "tokens" }, to: { node: "@outputs", port: "tokens" } };
    const two = within(towers, "tower", (inside) => connect(inside, wire));
    const moved = moveOuter(two, "tower", "outputs", "tokens", -1);
    expect(Object.keys(composite(moved)?.outputs ?? {})).toEqual(["tokens", "embedding"]);
    expect(moveOuter(moved, "tower", "outputs", "tokens", -1).composites).toEqual(moved.composites);
  });

  it("publishes a parameter once, under a free name, and takes it back with the instances' values", () => {
    const more = publish(publish(towers, "tower", "vision", "width"), "tower", "vision", "scope");
    expect(Object.keys(composite(more)?.params ?? {})).toEqual(["width", "vision_width", "vision_scope"]);
    expect(publish(more, "tower", "vision", "width")).toBe(more);
    expect(labelParam(more, "tower", "width", "D").composites?.tower?.params.width?.label).toBe("D");
    expect(unpublish(more, "tower", "width").nodes.tower_2?.params).toEqual({});
  });

  it("publishes one parameter to several inside, of which each can be taken out again", () => {
    const both = publishWith(towers, "tower", "width", { node: "vision", param: "width" });
    expect(both.composites?.tower?.params.width?.to).toHaveLength(2);
    const seen = check(setParam(both, "tower_2", "width", 16)).types;
    expect(seen["tower_2/vision"]?.out.features?.shape?.at(-1)).toBe(16);
    expect(seen["tower_2/projector"]?.out.embedding?.shape?.at(-1)).toBe(16);
    expect(publishWith(both, "tower", "width", { node: "vision", param: "width" })).toBe(both);
    const one = unpublishTarget(both, "tower", { node: "projector", param: "width" });
    expect(one.composites?.tower?.params.width?.to).toEqual([{ node: "vision", param: "width" }]);
    expect(one.nodes.tower_2?.params.width).toBe(12);
    const none = unpublishTarget(one, "tower", { node: "vision", param: "width" });
    expect([none.composites?.tower?.params, none.nodes.tower_2?.params]).toEqual([{}, {}]);
  });

  it("has a title and a description", () => {
    const named = setCompositeText(towers, "tower", { title: "Encoder", description: "Sees." });
    expect(composite(named)).toMatchObject({ title: "Encoder", description: "Sees." });
    expect(setCompositeText(towers, "tower", { title: " " }).composites?.tower?.title).toBe("Tower");
  });
});

describe("a composite inside of a composite", () => {
  /** The graph with the projector in a composite of its own, inside of the tower. */
  const nested = within(
    towers,
    "tower",
    (inside) => make(inside, ["projector"], { title: "Head", inside: "tower" })?.document ?? inside,
  );

  it("hands on what was published of its nodes, so that instances keep their values", () => {
    expect(nested.composites?.tower?.params).toEqual({ width: { to: [{ node: "head", param: "width" }] } });
    expect(nested.composites?.head?.params).toEqual({ width: { to: [{ node: "projector", param: "width" }] } });
    expect(nested.nodes.tower_2?.params.width).toBe(12);
    expect(check(nested).types["tower_2/head/projector"]?.out.embedding?.shape?.at(-1)).toBe(12);
  });

  it("gives it back when it is expanded", () => {
    const back = within(nested, "tower", (inside) => expand(inside, "head", { inside: "tower" })?.document ?? inside);
    expect(withoutUnused(back, "head").composites?.tower?.params).toEqual(towers.composites?.tower?.params);
  });

  it("takes what it publishes no more from those around it, and from their instances", () => {
    const changed = unpublish(nested, "head", "width");
    expect(changed.composites?.tower?.params).toEqual({});
    expect(changed.nodes.tower_2?.params).toEqual({});
  });

  it("leaves no port without an inside around it when it is brought to a version that has fewer", () => {
    const head = nested.composites?.head as NonNullable<ReturnType<typeof composite>>;
    const bare = { ...head, wires: [], inputs: {}, outputs: {} };
    const entry = { id: "7b0f6f0e-6d0c-4c0e-9d0e-0c0c0c0c0c0c", version: 2, root: "head", composites: { head: bare } };
    const changed = updatedTo(nested, "head", entry);
    expect(changed.composites?.tower?.outputs).toEqual({});
    expect(wiresOf(changed)).not.toContain("tower.embedding -> norm.embedding");
  });
});

describe("what is copied", () => {
  it("takes its composites along, and finds them again where they are the same", () => {
    const part = parsePart(partText(excerpt(towers, ["tower"]))).part;
    const here = paste(towers, part ?? excerpt(towers, []), { x: 0, y: 0 });
    expect(here.document.nodes[here.ids[0] ?? ""]).toMatchObject({ type: "composite:tower", params: {} });
    expect(Object.keys(here.document.composites ?? {})).toEqual(["tower"]);
    const elsewhere = paste(graph({}), part ?? excerpt(towers, []), { x: 0, y: 0 });
    expect(elsewhere.document.nodes.tower).toMatchObject({ params: { scope: "" } });
    expect(elsewhere.document.composites).toEqual(towers.composites);
  });

  it("does not change a composite of the same name that is another", () => {
    const other = within(towers, "tower", (inside) => setParam(inside, "vision", "layers", 3));
    const { document, ids } = paste(towers, excerpt(other, ["tower"]), { x: 0, y: 0 });
    expect(document.nodes[ids[0] ?? ""]?.type).toBe("composite:tower_2");
    expect(document.composites?.tower).toEqual(towers.composites?.tower);
    expect(document.composites?.tower_2?.nodes.vision?.params.layers).toBe(3);
  });
});

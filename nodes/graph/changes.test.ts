import { expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { changesBetween } from "./changes";
import type { GraphDocument } from "./document";
import { addNode, disconnect, moveNodes, removeNodes, setName, setNote, setParam } from "./edits";
import { make } from "./make-composite";

const base = graph({ data: ["data.emoji"], resize: ["image.resize", { width: 64 }] }, ["data.image -> resize.image"]);
const told = (before: GraphDocument, after: GraphDocument) =>
  changesBetween(before, after).map(({ kind, path }) => `${kind} ${path.join(" ")}`);

it("finds nodes, parameters, notes, names and wires, and is silent on positions and on the order of names", () => {
  const changed = setName(setNote(setParam(base, "resize", "width", 8), "data", "why"), "Other");
  expect(told(base, addNode(changed, "image.normalize", { x: 0, y: 0 }).document)).toEqual([
    "changed name",
    "added nodes data note",
    "changed nodes resize params width",
    "added nodes normalize",
  ]);
  expect(told(base, disconnect(base, base.wires))).toEqual(["removed wires data.image → resize.image"]);
  expect(told(base, removeNodes(base, ["data"]))).toEqual([
    "removed nodes data",
    "removed wires data.image → resize.image",
  ]);
  const reordered = { ...base, nodes: Object.fromEntries(Object.entries(base.nodes).reverse()) };
  expect(told(base, moveNodes(reordered, { data: { x: 9, y: 9 } }))).toEqual([]);
});

it("names a parameter that went back to its default, with what it was", () => {
  expect(changesBetween(base, setParam(base, "resize", "width", undefined))).toEqual([
    { kind: "removed", path: ["nodes", "resize", "params", "width"], before: 64, after: undefined },
  ]);
});

it("tells of a composite that is new once, and of one that is changed each change inside", () => {
  const made = make(base, ["resize"])?.document as GraphDocument;
  const [id = ""] = Object.keys(made.composites ?? {});
  expect(told(base, made)).toContain(`added composites ${id}`);
  const composite = made.composites?.[id];
  if (!composite) throw new Error("there is no composite");
  const nodes = setParam({ ...made, nodes: composite.nodes }, "resize", "width", 5).nodes;
  expect(told(made, { ...made, composites: { [id]: { ...composite, nodes } } })).toEqual([
    `changed composites ${id} nodes resize params width`,
  ]);
});

it("compares fields that it has never heard of", () => {
  const before = { ...base, constants: { D: 8, N: 2 } } as unknown as GraphDocument;
  const after = { ...base, constants: { D: 16, K: 1 } } as unknown as GraphDocument;
  expect(told(before, after)).toEqual(["changed constants D", "removed constants N", "added constants K"]);
});

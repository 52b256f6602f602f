import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import {
  constantsIn,
  referenceTo,
  removeConstant,
  renameConstant,
  setConstant,
  setConstantValue,
  usesOf,
} from "./constants";
import type { GraphDocument } from "./document";
import { excerpt, paste } from "./edits";
import { make } from "./make-composite";

function sized(): GraphDocument {
  const plain = graph(
    {
      data: ["data.emoji", {}],
      resize: ["image.resize", { width: referenceTo("side"), height: referenceTo("side") }],
      other: ["image.resize", { width: referenceTo("side") }],
    },
    ["data.image -> resize.image"],
  );
  return setConstant(plain, "side", { kind: "number", value: 24 });
}

describe("a constant", () => {
  it("is renamed with all that refers to it, in composites too", () => {
    const made = make(sized(), ["resize"])?.document as GraphDocument;
    const renamed = renameConstant(made, "side", "edge");
    expect(usesOf(renamed, "side")).toEqual([]);
    expect(usesOf(renamed, "edge")).toEqual([
      { node: "other", param: "width" },
      { composite: "composite", node: "resize", param: "width" },
      { composite: "composite", node: "resize", param: "height" },
    ]);
    expect(renameConstant(renamed, "edge", "no name")).toBe(renamed);
  });

  it("leaves its value where it was used when it is deleted", () => {
    const left = removeConstant(sized(), "side");
    expect(left.nodes.resize?.params).toEqual({ width: 24, height: 24 });
    expect(left).not.toHaveProperty("constants");
  });

  it("takes values of its kind alone", () => {
    const document = sized();
    expect(setConstantValue(document, "side", "wide")).toBe(document);
    expect(setConstantValue(document, "side", 32).constants?.side).toEqual({ kind: "number", value: 32 });
    const choice = setConstant(document, "mode", { kind: "choice", value: "a", choices: ["a", "b"] });
    expect(setConstantValue(choice, "mode", "c")).toBe(choice);
  });

  it("comes along with what is copied, under a name that is free where its own means something else", () => {
    const part = excerpt(sized(), ["other"]);
    expect(part.constants).toEqual({ side: { kind: "number", value: 24 } });
    const same = paste(sized(), part, { x: 0, y: 0 });
    expect(Object.keys(same.document.constants ?? {})).toEqual(["side"]);
    const another = setConstantValue(sized(), "side", 99);
    const pasted = paste(another, part, { x: 0, y: 0 });
    const [id = ""] = pasted.ids;
    expect(pasted.document.constants?.side_2).toEqual({ kind: "number", value: 24 });
    expect(constantsIn(pasted.document.nodes[id]?.params)).toEqual(["side_2"]);
  });
});

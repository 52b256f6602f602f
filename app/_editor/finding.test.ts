import { describe, expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { setNote, setParam, setTitle } from "#nodes/graph/edits";
import { make } from "#nodes/graph/make-composite";
import { tinyTower } from "#tests/kit/graphs";
import { findNodes } from "./finding";

const document = setNote(setTitle(tinyTower(), "resize", "To one size"), "norm", "unit length");
const ways = (search: string, of: GraphDocument = document) =>
  findNodes(of, check(of).problems, search).map(({ way }) => way);

describe("finding nodes", () => {
  it("looks at titles, types, parameters, values and notes", () => {
    expect(ways("one size")).toEqual(["resize"]);
    expect(ways("image.normalize")).toEqual(["normalize"]);
    expect(ways("patch: 8")).toEqual(["vision"]);
    expect(ways("unit")).toEqual(["norm"]);
    expect(ways("nowhere")).toEqual([]);
    expect(ways("  ")).toEqual([]);
  });
  it("looks at problems, and says where the words stand", () => {
    const wrong = setParam(document, "projector", "width", "wide");
    const [hit] = findNodes(wrong, check(wrong).problems, "wide");
    expect(hit).toMatchObject({ way: "projector", place: "width: wide" });
    const missing = { ...document, wires: [] };
    expect(ways("nothing is connected", missing)).toContain("norm");
  });
  it("looks into composites, by the way there", () => {
    const { document: made } = make(document, ["normalize", "vision"], { title: "Tower" }) as {
      document: GraphDocument;
    };
    expect(ways("vision", made)).toContain("tower/vision");
  });
});

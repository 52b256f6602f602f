import { describe, expect, it } from "vitest";
import { graph, tinyTower } from "#tests/kit/graphs";
import { check } from "./check";
import { within } from "./composite-edits";
import { referenceTo } from "./constants";
import type { GraphDocument } from "./document";
import { setParam, setPin, toggleOff } from "./edits";
import { fixOf } from "./fixes";
import { make } from "./make-composite";
import type { Problem } from "./problem";

const problemOf = (document: GraphDocument, code: Problem["code"]): Problem | undefined =>
  check(document).problems.find((problem) => problem.code === code);

/** The first problem of a kind, what mends it is called, and whether it is gone then. */
function mended(document: GraphDocument, code: Problem["code"]): { title?: string; isGone: boolean } {
  const problem = problemOf(document, code);
  const fix = problem && fixOf(document, problem);
  return { title: fix?.title, isGone: fix !== undefined && problemOf(fix.change(document), code) === undefined };
}

const wire = (from: string, to: string) => {
  const end = (text: string) => ({ node: text.split(".")[0] ?? "", port: text.split(".")[1] ?? "" });
  return { from: end(from), to: end(to) };
};
const wired = (document: GraphDocument, ...wires: [string, string][]): GraphDocument => ({
  ...document,
  wires: [...document.wires, ...wires.map(([from, to]) => wire(from, to))],
});

describe("a problem of which the repair is known", () => {
  const tower = tinyTower();
  const pin = { at: "2026-11-01T10:00:00.000Z", ref: "a".repeat(64), bytes: 1, params: { width: 9 }, outputs: {} };

  it.each<[GraphDocument, Problem["code"], string]>([
    [setParam(tower, "projector", "width", -1), "bad-param", "Return width to its default"],
    [setParam(tower, "projector", "colour", "red"), "bad-param", "Take “colour” out, which means nothing here"],
    [
      setParam(tower, "projector", "width", referenceTo("gone")),
      "bad-param",
      "Return width to its default, without the constant",
    ],
    [setPin(tower, "projector", pin), "stale-pin", "Unpin it"],
    [toggleOff(tower, ["vision"], "bypassed"), "cannot-bypass", "Run it again"],
    [wired(tower, ["gone.image", "resize.image"]), "unknown-node", "Delete the wire"],
    [wired(tower, ["data.gone", "resize.image"]), "unknown-port", "Delete the wire"],
    [wired(tower, ["resize.image", "resize.image"]), "duplicate-wire", "Delete the wire"],
  ])("is mended by one edit: %#", (document, code, title) => {
    expect(mended(document, code)).toEqual({ title, isGone: true });
  });

  it("is mended inside of a composite, for all its instances", () => {
    const made = make(tower, ["vision", "projector"], { title: "Tower" })?.document as GraphDocument;
    const wrong = within(made, "tower", (inside) => setParam(inside, "vision", "heads", 0));
    expect(problemOf(wrong, "bad-param")?.node).toBe("tower/vision");
    expect(mended(wrong, "bad-param")).toEqual({ title: "Return heads to its default", isGone: true });
  });

  it("of two ends that do not fit gets what fits between, where that is known", () => {
    const raw = graph(
      { data: ["data.emoji"], vision: ["model.vision-transformer", { patch: 8, width: 32, heads: 2 }] },
      ["data.image -> vision.pixels"],
    );
    const problem = problemOf(raw, "type-mismatch");
    const fix = problem && fixOf(raw, problem);
    const types = Object.values(fix?.change(raw).nodes ?? {}).map(({ type }) => type);
    expect(types).toContain("image.normalize");
  });

  it("is left to a person where there are several ways", () => {
    const bare = graph({ resize: ["image.resize"] });
    expect(fixOf(bare, problemOf(bare, "missing-input") as Problem)).toBeUndefined();
  });
});

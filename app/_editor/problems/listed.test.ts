import { describe, expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import { graph } from "#tests/kit/graphs";
import { bunched, inOrder, listed, nextOf, reportOf } from "./listed";

const document = graph(
  {
    lost: ["image.resize", { size: 32 }],
    odd: ["image.resize", { width: "secret-value" }],
    gone: ["no.such-type"],
    extra: ["text.input", { "secret-name": 1, text: "secret-text" }],
  },
  ["lost.image -> odd.image"],
);
document.nodes.lost = { ...(document.nodes.lost as (typeof document.nodes)[string]), title: "Make small" };
const { problems } = check(document);
const all = listed(problems, document.nodes);

describe("the list of problems", () => {
  it("has apart what is merely not wired yet", () => {
    expect(all.unwired.map(({ title }) => title)).toEqual(["Make small"]);
    expect(all.errors.map(({ problem }) => problem.code).sort()).toEqual(["bad-param", "unknown-type"]);
  });

  it("calls nodes as people call them", () => {
    expect(inOrder(all).map(({ title }) => title)).toContain("Make small");
    expect(inOrder(all).map(({ title }) => title)).toContain("Resize");
  });

  it("is walked in a circle, both ways, and from its beginning when what was looked at is repaired", () => {
    const order = inOrder(all);
    const first = nextOf(order, undefined, 1);
    const last = nextOf(order, first?.problem, -1);
    expect(first).toBe(order[0]);
    expect(last).toBe(order.at(-1));
    expect(nextOf(order, last?.problem, 1)).toBe(first);
    expect(nextOf(order.slice(1), first?.problem, 1)).toBe(order[1]);
    expect(nextOf([], undefined, 1)).toBeUndefined();
  });

  it("has in one bunch the nodes of which the same is wrong, such as those of one unknown type", () => {
    const strange = graph({ a: ["acme.x"], b: ["acme.y"], c: ["acme.x"], small: ["image.resize"] });
    const { errors, unwired } = listed(check(strange).problems, strange.nodes);
    const ids = bunched(errors).map((bunch) => bunch.map(({ problem }) => problem.node));
    expect(ids).toEqual([["a", "c"], ["b"]]);
    expect(bunched(unwired)).toHaveLength(1);
  });

  it("becomes a report of kinds and places, without what people typed", () => {
    // They are in what is seen, which is for the person alone.
    const seen = JSON.stringify(inOrder(all));
    for (const typed of ["Make small", "secret-value", "secret-name", "no.such-type"]) expect(seen).toContain(typed);
    expect(reportOf(all, document).split("\n")).toEqual([
      "Patchbay, a graph of 4 nodes, 1 wires",
      "- error bad-param at image.resize.width",
      "- error unknown-type at a node of an unknown type",
      "- warning bad-param at image.resize",
      "- warning bad-param at text.input",
      "- error missing-input at image.resize.image",
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { tinyTower } from "#tests/kit/graphs";
import { publish } from "./composite-edits";
import { referenceTo, setConstant } from "./constants";
import type { GraphDocument } from "./document";
import { addNode, connect, setParam } from "./edits";
import { expandSweep } from "./expand-sweep";
import { make } from "./make-composite";
import { type SweepAxis, type SweepSpec, trialText, withAssignment } from "./sweep";

/** A tower of which the width is a constant, with an accuracy to compare by. */
const towers = ((): GraphDocument => {
  const constants = setConstant(tinyTower(), "D", { kind: "number", value: 8 });
  const named = setConstant(constants, "unused", { kind: "text", value: "a" });
  const sized = setParam(named, "projector", "width", referenceTo("D"));
  const { document } = addNode(sized, "eval.accuracy", { x: 0, y: 0 });
  return connect(document, {
    from: { node: "norm", port: "embedding" },
    to: { node: "accuracy", port: "logits" },
  });
})();

const spec = (axes: SweepAxis[], mode: SweepSpec["mode"] = "grid"): SweepSpec => ({
  mode,
  axes,
  count: 6,
  seed: 0,
  metric: { node: "accuracy", port: "top1", goal: "max" },
});
const axis = (param: string, values: unknown[]): SweepAxis => ({ node: "$", param, values }) as SweepAxis;

describe("a sweep over a constant", () => {
  it("gives each run a value of it, which all that refers to it has", () => {
    const { trials, problems } = expandSweep(towers, spec([axis("D", [8, 16])]));
    expect(problems).toEqual([]);
    expect(trials).toEqual([{ "$.D": 8 }, { "$.D": 16 }]);
    expect(withAssignment(towers, trials[1] ?? {}).constants?.D).toEqual({ kind: "number", value: 16 });
    expect(trialText(trials[1] ?? {})).toBe("D = 16");
  });

  it("draws whole numbers where it is one", () => {
    const range = { node: "$", param: "D", min: 4, max: 64, scale: "log" } as const;
    const values = expandSweep(towers, spec([range], "random")).trials.map((trial) => trial["$.D"]);
    expect(values.length).toBe(6);
    expect(values.every((value) => Number.isInteger(value))).toBe(true);
  });

  it("has an effect through a composite, too", () => {
    const made = make(towers, ["vision", "projector"], { title: "Tower" })?.document as GraphDocument;
    const published = publish(made, "tower", "projector", "width");
    expect(expandSweep(published, spec([axis("D", [8, 16])])).problems).toEqual([]);
    const own = setParam(published, "tower", "width", referenceTo("D"));
    expect(expandSweep(own, spec([axis("D", [8, 16])])).problems).toEqual([]);
  });

  it.each([
    [axis("gone", [1]), /no constant "gone"/],
    [axis("D", ["wide"]), /D cannot be "wide"/],
    [axis("unused", ["b"]), /unused has no effect on accuracy.top1/],
    [axis("D", [0]), /With D = 0: .*the constant “D”/],
  ])("is refused with a reason: %#", (asked, reason) => {
    expect(expandSweep(towers, spec([asked])).problems[0]?.message).toMatch(reason);
  });
});

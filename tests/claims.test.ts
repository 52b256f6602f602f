import { describe, expect, it } from "vitest";
import { withAssignment } from "#nodes/graph/sweep";
import { check } from "#nodes/graph/check";
import { registry } from "#nodes/registry.gen";
import { areaUnderCurve, matchMargins, shareOf } from "../scripts/claims/measures";
import { armAssignment, armGraph } from "../scripts/claims/graph";
import { systems } from "../scripts/claims/systems";

const arms = Object.values(systems).flatMap((experiments) =>
  Object.entries(experiments).flatMap(([id, experiment]) =>
    Object.entries(experiment.arms).map(([name, arm]) => ({ id, name, experiment, arm })),
  ),
);

describe("experiments in small", () => {
  it.each(arms)("$id, $name: is a graph that can be run, and has what is measured", ({ experiment, arm }) => {
    const graph = withAssignment(armGraph(experiment, arm), armAssignment(experiment, arm, 0));
    const { problems } = check(graph, registry);
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
    const asked = Object.values(experiment.measures).flatMap((m) => (typeof m === "string" ? [m] : m.of));
    for (const place of asked) expect(Object.keys(graph.nodes)).toContain(place.split(".")[0]);
  });
});

describe("measures", () => {
  const scores = { dtype: "float32", shape: [4], data: Float32Array.of(0.9, 0.4, 0.4, 0.1) };
  const kinds = ["none", "none", "junk", "swapped"];
  it("counts how often a true row scores higher than a spoiled one, a tie as half", () => {
    expect(areaUnderCurve(scores, kinds, ({ kind }) => kind === "none")).toBe(0.875);
  });
  it("takes what a matching head says of a pair as by how much a match scores higher than none", () => {
    const logits = { dtype: "float32", shape: [2, 2], data: Float32Array.of(0.5, 2, 1, -1) };
    expect([...matchMargins(logits).data]).toEqual([1.5, -2]);
  });
  it("tells the share of rows that something is true of among those that are asked about", () => {
    const isSpoiled = ({ kind }: { kind: string }) => kind !== "none";
    expect(shareOf(scores, kinds, isSpoiled, ({ score }) => score < 0.3)).toBe(0.5);
  });
});

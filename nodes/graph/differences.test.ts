import { expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { differences } from "./differences";

it("finds the parameters in which graphs differ, with defaults filled in", () => {
  const of = (trainer: Record<string, unknown>) =>
    graph({ data: ["data.emoji", { limit: 8 }], trainer: ["train.trainer", trainer] });
  expect(differences([of({ lr: 0.1 }), of({ lr: 0.1, seed: 3 }), of({})])).toEqual([
    { node: "trainer", param: "lr", values: [0.1, 0.1, 5e-4] },
    { node: "trainer", param: "seed", values: [0, 3, 0] },
  ]);
  expect(differences([of({}), of({ lr: 5e-4 })])).toEqual([]);
});

it("shows a node that one graph lacks, and one that is another type there", () => {
  const rows = differences([
    graph({ a: ["text.input", { text: "x" }] }),
    graph({ b: ["text.input", { text: "x" }] }),
    graph({ a: ["output.image-grid"] }),
  ]);
  expect(rows).toContainEqual({ node: "a", param: "type", values: ["text.input", undefined, "output.image-grid"] });
  expect(rows).toContainEqual({ node: "b", param: "text", values: [undefined, "x", undefined] });
});

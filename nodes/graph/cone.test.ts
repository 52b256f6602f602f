import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { registry } from "../registry.gen";
import { check } from "./check";
import { coneOf } from "./plan";
import { endpointKey, type Registry } from "./resolve";

/** When what lies before a loss is computed. */
function conesOf(nodes: Parameters<typeof graph>[0], wires: string[], types: Registry = registry) {
  const { graph: resolved } = check(graph(nodes, wires), types);
  const cone = coneOf(resolved, [{ node: "loss", port: "loss" }]);
  return { ...cone, rows: cone.rows.map(endpointKey) };
}
const classifier: Parameters<typeof graph>[0] = {
  data: ["data.emoji"],
  resize: ["image.resize"],
  normalize: ["image.normalize"],
  vision: ["model.vision-transformer"],
  labels: ["text.label-ids"],
  loss: ["loss.cross-entropy"],
};
const wires = [
  "data.image -> resize.image",
  "normalize.pixels -> vision.pixels",
  "vision.features -> loss.logits",
  "data.name -> labels.text",
  "labels.ids -> loss.labels",
];

describe("what lies before a loss", () => {
  it("is drawn row by row where it works row by row, and there before where it needs all rows", () => {
    const cone = conesOf(classifier, [...wires, "resize.image -> normalize.image"]);
    expect(cone).toMatchObject({
      drawn: ["resize", "normalize"],
      stepwise: [],
      after: [],
      tensors: ["vision", "loss"],
    });
    expect(cone.rows).toEqual(["labels.ids", "data.image"]);
  });
  it("is made anew for each batch behind a random node, of rows that are drawn", () => {
    const cone = conesOf({ ...classifier, augment: ["image.augment"] }, [
      ...wires,
      "resize.image -> augment.image",
      "augment.image -> normalize.image",
    ]);
    expect(cone).toMatchObject({ drawn: ["resize"], stepwise: ["augment", "normalize"] });
  });
  it("is there before where another node that is drawn needs all of its rows", () => {
    const text = port.text({ shape: ["N"] });
    const described = { description: "For this test.", version: 1, params: {}, rowwise: true };
    const upper = defineNode({ ...described, type: "test.upper", title: "Upper", inputs: { text }, outputs: { text } });
    const pick = defineNode({
      ...described,
      type: "test.pick",
      title: "Pick",
      inputs: { text, pool: port.text({ shape: ["*"] }) },
      outputs: { ids: port.tensor({ dtype: "int64", shape: ["N"] }) },
    });
    const nodes = { ...classifier, labels: ["test.pick"], upper: ["test.upper"] } as typeof classifier;
    const all = [...wires, "resize.image -> normalize.image", "data.name -> upper.text"];
    const types = { ...registry, "test.upper": upper, "test.pick": pick };
    const cone = conesOf(nodes, [...all, "upper.text -> labels.pool"], types);
    expect(cone.drawn.toSorted()).toEqual(["labels", "normalize", "resize"]);
    expect(cone.rows.toSorted()).toEqual(["data.image", "data.name", "upper.text"]);
  });
});

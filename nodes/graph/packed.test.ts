import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { packedRegistry } from "#tests/kit/packed-nodes";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { check } from "./check";
import { plan, sinks } from "./plan";
import { nodesOfStep, streamsOf } from "./streams";

const nodes = {
  rows: ["test.numbers"],
  tiles: ["test.tiles"],
  normalize: ["image.normalize"],
  encoder: ["test.encoder"],
  packer: ["test.packer"],
} satisfies Parameters<typeof graph>[0];
const wires = [
  "rows.number -> tiles.number",
  "tiles.image -> normalize.image",
  "normalize.pixels -> encoder.pixels",
  "encoder.tokens -> packer.features",
  "tiles.counts -> packer.counts",
  "tiles.index -> packer.index",
];
const checked = (...others: string[]) => check(graph(nodes, [...wires, ...others]), packedRegistry);

describe("packed values along wires", () => {
  it("stay packed through nodes that know nothing of it, and end where rows are put together", () => {
    const { types, problems } = checked();
    expect(problems).toEqual([]);
    expect(types.normalize?.out.pixels).toMatchObject({ shape: ["tiles.P", 3, 4, 4], packed: "rows.N" });
    expect(types.encoder?.out.tokens).toMatchObject({ shape: ["tiles.P", 2, 8], packed: "rows.N" });
    expect(types.packer?.out.tokens).toEqual({ type: "tensor", dtype: "float32", shape: ["rows.N", "tiles.V", 8] });
  });

  it("take the place of plain ones, and plain ones theirs", () => {
    const document = graph(
      {
        ...nodes,
        other: ["test.numbers"],
        data: ["data.emoji", { limit: 4 }],
        resize: ["image.resize", { width: 4, height: 4 }],
      },
      [
        "data.image -> resize.image",
        "resize.image -> normalize.image",
        "normalize.pixels -> encoder.pixels",
        "encoder.tokens -> packer.features",
      ],
    );
    const { types } = check(document, packedRegistry);
    expect(types.encoder?.out.tokens?.packed).toBeUndefined();
    expect(types.packer?.in.features?.shape).toEqual(["data.N", 2, 8]);
  });

  it("cannot meet rows where both are counted by one letter, and give no texts", () => {
    const together = defineNode({
      type: "test.together",
      title: "Together",
      description: "Reads pictures and numbers of the same rows.",
      version: 1,
      inputs: { index: port.tensor({ shape: ["N", "L"] }), image: port.image({ shape: ["N", "H", "W"] }) },
      outputs: { text: port.text({ shape: ["N"] }) },
      params: {},
      rowwise: true,
      run: async () => ({ text: [] }),
    });
    const registry = { ...packedRegistry, "test.together": together };
    const problemsOf = (...more: string[]) =>
      check(
        graph({ ...nodes, together: ["test.together"] }, [...wires, "tiles.image -> together.image", ...more]),
        registry,
      ).problems;
    expect(problemsOf("tiles.index -> together.index")).toMatchObject([
      {
        code: "shape-mismatch",
        node: "together",
        port: "image",
        message:
          "together.image expects [N, H, W], but tiles.image gives [tiles.P of rows.N, 4, 4]: it counts the items that " +
          "rows have (pictures or tiles, any number in each of rows.N), while another input of the node counts rows " +
          "(rows.N).",
        hint: "Wire values whose rows have one item each, or put the items of a row together before.",
      },
    ]);
    const codes = problemsOf().map(({ code }) => code);
    expect(codes).toEqual(["missing-input", "packed-texts"]);
  });
});

it("go in one stream with their rows", () => {
  const { graph: resolved, types } = checked();
  const { steps } = plan(resolved, sinks(resolved), () => false);
  const found = streamsOf(resolved, types, steps).map((step) =>
    step.kind === "stream"
      ? `[${step.steps.flatMap(({ step }) => nodesOfStep(step)).join(" ")}]`
      : nodesOfStep(step).join("+"),
  );
  expect(found).toEqual(["rows", "[tiles normalize encoder packer]"]);
});

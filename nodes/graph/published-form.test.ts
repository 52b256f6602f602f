import { describe, expect, it } from "vitest";
import { graph, tinyTower } from "#tests/kit/graphs";
import { registry } from "../registry.gen";
import { setConstant } from "./constants";
import { fieldOf, formWithin, publishedForm } from "./published-form";
import { constantsHolder, withAssignment } from "./sweep";

const document = setConstant(tinyTower(), "D", { kind: "number", value: 8 });
const form = publishedForm.parse({
  groups: [
    {
      title: "Size",
      fields: [
        { node: "projector", param: "width", label: " Width of what comes out ", min: 4, max: 64 },
        { node: constantsHolder, param: "D" },
        { node: "gone", param: "width" },
      ],
    },
    { fields: [{ node: "projector", param: "constructor" }] },
  ],
  outputs: [
    { node: "norm", port: "embedding" },
    { node: "norm", port: "gone" },
  ],
});

describe("a published form", () => {
  it("shows fields with their own words and the schema of the inspector", () => {
    const [width, constant, gone] = form.groups[0]?.fields.map((field) => fieldOf(document, field, registry)) ?? [];
    expect(width).toMatchObject({ label: "Width of what comes out", min: 4, max: 64 });
    expect(width?.schema.safeParse("wide").success).toBe(false);
    expect(constant?.label).toBe("D");
    expect(gone).toBeUndefined();
  });

  it("leaves out what the graph does not have, and says so", () => {
    const { form: within, lacking } = formWithin(form, document, registry);
    expect(within.groups.map(({ fields }) => fields.map(({ param }) => param))).toEqual([["width", "D"]]);
    expect(within.outputs).toEqual([{ node: "norm", port: "embedding" }]);
    expect(lacking).toEqual(["gone.width", "projector.constructor", "norm.gone"]);
  });

  it("is filled in as a run of a sweep is", () => {
    const filled = withAssignment(document, { "projector.width": 12, "$.D": 3 });
    expect(filled.nodes.projector?.params.width).toBe(12);
    expect(filled.constants?.D).toEqual({ kind: "number", value: 3 });
  });

  it("calls parameters what they are where nobody gave them a name", () => {
    const text = graph({ list: ["output.ranked-labels"] });
    const params = Object.keys(registry["output.ranked-labels"].params);
    const labels = params.map((param) => fieldOf(text, { node: "list", param }, registry)?.label);
    expect(labels.every((label) => /^[A-Z]/.test(label ?? ""))).toBe(true);
  });
});

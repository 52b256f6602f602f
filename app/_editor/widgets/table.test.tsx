import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { NodeDefinition } from "#nodes/core/node";
import { widgets } from "./index";
import { type Field, fieldsOf } from "./describe";
import { blankRow, movedRow, rowsOf, summary, withCell } from "./rows";

const stages = z
  .array(
    z.object({
      steps: z.int().min(1).max(1000).meta({ unit: "steps" }),
      trains: z.string().default("*"),
      rate: z.number().min(0).optional().meta({ label: "Learning rate" }),
      schedule: z.enum(["cosine", "constant"]),
      freeze: z.boolean().default(false),
      groups: z
        .array(z.object({ match: z.string() }))
        .default([])
        .meta({ advanced: true }),
    }),
  )
  .min(1)
  .max(8)
  .default([{ steps: 100, trains: "*", schedule: "cosine", freeze: false, groups: [] }]);
const [field] = fieldsOf({ params: { stages } } as unknown as NodeDefinition) as [Field];

describe("a parameter that is a list of objects", () => {
  it("is a table with one column per field, each with the widget of its type", () => {
    expect([field.widget, field.maxRows]).toEqual(["table", 8]);
    expect(field.columns.map((c) => [c.name, c.label, c.widget, c.optional])).toEqual([
      ["steps", "Steps", "number", false],
      ["trains", "Trains", "text", false],
      ["rate", "Learning rate", "number", true],
      ["schedule", "Schedule", "select", false],
      ["freeze", "Freeze", "toggle", false],
      ["groups", "Groups", "table", false],
    ]);
    expect(field.columns[0]).toMatchObject({ integer: true, min: 1, max: 1000, unit: "steps" });
  });
  it("gets rows that its schema takes, and keeps to it when cells and rows change", () => {
    const rows = [...rowsOf(field.fallback), blankRow(field.columns)];
    expect(rows[1]).toEqual({ steps: 1, schedule: "cosine" });
    expect(stages.parse(rows)[1]).toEqual({ steps: 1, trains: "*", schedule: "cosine", freeze: false, groups: [] });
    const edited = withCell(rows, 1, "rate", 0.5);
    expect([edited[1]?.rate, edited[0]]).toEqual([0.5, rows[0]]);
    expect(withCell(edited, 1, "rate", undefined)[1]).toEqual({ steps: 1, schedule: "cosine" });
    expect(movedRow(edited, 1, -1)).toEqual([edited[1], edited[0]]);
    expect(movedRow(edited, 0, 1)).toEqual([edited[1], edited[0]]);
  });
  it("says in a line what a row holds", () => {
    expect(
      summary(field.columns, { steps: 500, trains: "projector.*", rate: 0.001, schedule: "constant", freeze: true }),
    ).toBe("500 steps · projector.* · learning rate 0.001 · constant · freeze");
  });
  it("shows its rows, closed, with what can be done to them", () => {
    const Table = widgets.table;
    const html = renderToStaticMarkup(
      <Table
        id="t"
        field={field}
        value={[
          { steps: 500, schedule: "cosine" },
          { steps: 20, schedule: "constant" },
        ]}
        onChange={() => {}}
      />,
    );
    expect(html).toContain("500 steps · * · cosine");
    expect(html).toContain('aria-label="Move row 2 of Stages up"');
    expect(html.match(/disabled=""/g)).toHaveLength(2); // the first cannot go up, the last cannot go down
    expect(renderToStaticMarkup(<Table id="t" field={field} value={[]} onChange={() => {}} disabled />)).toContain(
      "No rows",
    );
  });
});

import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { chunkedInputs } from "#nodes/graph/row-ports";
import { registry } from "#nodes/registry.gen";
import { widgets } from "../app/_editor/widgets/index";
import { fieldsOf } from "../app/_editor/widgets/describe";

describe.each(Object.entries(registry as Record<string, NodeDefinition>))("%s", (type, definition) => {
  it("is whole: type, title, a sentence, documented ports, sound defaults, widgets and a test beside it", () => {
    const [category = "", file = ""] = type.split(".");
    expect(definition.type).toBe(type);
    expect(definition.title.length).toBeGreaterThan(2);
    expect(definition.description).toMatch(/^[A-Z].*\.$/s);
    expect(Boolean(definition.build) !== Boolean(definition.run)).toBe(true);
    expect(definition.version).toBeGreaterThanOrEqual(1);
    const parsed = z.object(definition.params as Record<string, z.ZodType>).safeParse({});
    expect(parsed.error?.message).toBeUndefined();
    const fields = fieldsOf(definition);
    for (const field of fields) {
      expect(widgets[field.widget], field.name).toBeTypeOf("function");
      expect(field.label.length, field.name).toBeGreaterThan(0);
      for (const [name, values] of Object.entries(field.when ?? {})) {
        const options = fields.find((other) => other.name === name)?.options;
        expect(options, `${field.name} is shown by what ${name} is`).toEqual(expect.arrayContaining([...values]));
      }
    }
    for (const port of Object.values<Port>({ ...definition.inputs, ...definition.outputs }))
      if (port.type === "tensor" && port.shape)
        expect(port.dtype, "a tensor port with a shape says its dtype").toBeDefined();
    const tests = readdirSync(`nodes/${category}`).filter((f) => f.endsWith(".test.ts"));
    expect(
      tests.includes(`${file}.test.ts`) || tests.includes(`${category}.test.ts`),
      `nodes/${category} has a test`,
    ).toBe(true);
    expect(existsSync(`nodes/${category}/${file}.ts`)).toBe(true);
  });
  it("takes its rows one by one, folds them, or says why it needs all of them", () => {
    const isRows = ({ type, shape, deferred }: Port) =>
      !deferred && (type === "image" || type === "text" || type === "tensor") && shape?.[0] !== "*";
    const reads = Object.values<Port>(definition.inputs).some(isRows);
    if (definition.build || !reads) return;
    if (chunkedInputs(definition).length) expect(definition.allRows).toBeUndefined();
    else expect(definition.allRows).toMatch(/^[A-Z].*\.$/s);
  });
  it("keeps labels and widgets: .meta comes last in a schema", () => {
    for (const [name, schema] of Object.entries(definition.params as Record<string, z.ZodType>)) {
      const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as { label?: string };
      if (json.label) expect(z.globalRegistry.get(schema)?.label, name).toBe(json.label);
    }
  });
});

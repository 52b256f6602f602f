import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const { forBrowser } = createRequire(import.meta.url)("./browser-nodes.cjs") as {
  forBrowser(source: string, name?: string): string;
};

const source = `import { parse } from "parser";
import { type Port, port, unused } from "../core/ports";
import { defineNode } from "../core/node";
/** Reads. */
export const read = defineNode({
  type: "text.read",
  docs: \`Long.\`,
  synonyms: ["scan"],
  inputs: { text: port.text() },
  async run({ inputs }) {
    return helper(inputs);
  },
});
const table = new Map();
function helper(inputs: Port) {
  return table.get(parse(inputs));
}
`;

describe("a node type as the browser gets it", () => {
  it("is without its behaviour, its docs, and what nothing else uses", () => {
    const text = forBrowser(source);
    for (const gone of ["parser", "helper", "table", "unused", "Long.", "scan", "type Port"])
      expect(text).not.toContain(gone);
    for (const kept of ["port.text()", "run()", "export const read"]) expect(text).toContain(kept);
  });

  it("keeps which inputs are folded", () => {
    const text = forBrowser(`export const a = defineNode({ reduce: { rows: ["x"], start() { return fold(); } } });`);
    expect(text).toContain(`rows: ["x"]`);
    expect(text).not.toContain("fold");
  });

  it("keeps what is built of shapes alone, and not what has to be prepared for", () => {
    const built = `build() { return emit(); }`;
    expect(forBrowser(`x = defineNode({ ${built} })`)).toContain("emit");
    expect(forBrowser(`x = defineNode({ ${built}, async prepare() { return read(); } })`)).not.toContain("emit");
  });

  it("makes its parameters once, when they are first read", () => {
    let made = 0;
    const define = new Function(
      "defineNode",
      "schema",
      forBrowser(`return defineNode({ params: { size: schema() } });`),
    );
    const node = define(
      (definition: object) => definition,
      () => ++made,
    ) as { params: object };
    expect(made).toBe(0);
    expect(node.params).toEqual({ size: 1 });
    expect(node.params).toBe(node.params);
    expect({ ...node }.params).toBe(node.params);
    expect(made).toBe(1);
  });

  it("leaves other modules as they are", () => {
    const text = readFileSync("nodes/core/ports.ts", "utf8");
    expect(forBrowser(text)).toBe(text);
  });
});

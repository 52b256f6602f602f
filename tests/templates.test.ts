import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "#server/compile";
import { listTemplates, readTemplate } from "#server/templates";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { parseText } from "#nodes/graph/parse";
import { runDocument } from "#tests/kit/graphs";
import { temporaryFolder, testHost } from "#tests/kit/run-node";

const saved = (dir: string) =>
  readdirSync(dir)
    .filter((f) => f.endsWith(".json"))
    .map((f) => [f, `${dir}/${f}`] as const);

// Templates, and graphs that were saved long ago: they must open, check and compile for ever.
describe.each([...saved("nodes/templates"), ...saved("tests/fixtures/graphs")])("%s", (_, path) => {
  const { document, problems } = parseText(readFileSync(path, "utf8"));
  it("opens without a problem", () => {
    expect(problems).toBeUndefined();
    expect(check(document as GraphDocument).problems).toEqual([]);
  });
  it("compiles to ONNX", async () => {
    const host = await testHost();
    const compiled = await compile(document as GraphDocument, { hostFor: () => host });
    expect("models" in compiled && compiled.models.length).toBeGreaterThan(0);
  });
});

describe("templates", () => {
  it("are listed with name and one sentence", async () => {
    const list = await listTemplates();
    expect(list.map((t) => t.id)).toEqual(
      expect.arrayContaining(["clip-retrieval-emoji", "clip-train-emoji", "clip-zero-shot-emoji", "image-embeddings"]),
    );
    for (const t of list) expect(t.description, t.id).toMatch(/^[A-Z].*\.$/s);
    expect(list.map((t) => t.nodes)).toEqual(list.map((t) => t.nodes).sort((a, b) => a - b));
    expect(
      list
        .filter((t) => t.trains)
        .map((t) => t.id)
        .sort(),
    ).toEqual(["clip-train-emoji", "distill-ema-teacher", "import-onnx-finetune", "linear-probe", "lora-finetune"]);
  });
  it("fine-tune an imported model past the same model frozen", async () => {
    const document = (await readTemplate("import-onnx-finetune")) as GraphDocument;
    const { nodes } = document;
    for (const id of ["trainer", "probe"])
      Object.assign((nodes[id] as GraphDocument["nodes"][string]).params, { steps: 60, warmup: 6 });
    const { number, error } = await runDocument(document, await temporaryFolder(), {
      targets: ["accuracy", "baseline"],
    });
    expect(error).toBeUndefined();
    expect(number("accuracy", "top1")).toBeGreaterThan(number("baseline", "top1") + 0.1);
  });
  it("cannot be read from elsewhere", async () => {
    for (const id of ["../registry", "/etc/passwd", "a/b", "x".repeat(300)])
      expect(await readTemplate(id)).toBeUndefined();
  });
});

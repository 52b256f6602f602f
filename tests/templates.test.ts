import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "#server/compile";
import { listTemplates, readTemplate } from "#server/templates";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { parseText } from "#nodes/graph/parse";
import { updatesOf } from "#nodes/graph/updates";
import { runDocument } from "#tests/kit/graphs";
import { temporaryFolder, testHost } from "#tests/kit/run-node";
import { type Changes, changed } from "../scripts/gen/changed";
import { results } from "../scripts/gen/template-pictures";
import { onTinyModels, tinyFolders } from "../scripts/gen/tiny-models";

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
    const host = await testHost({ folders: tinyFolders });
    const compiled = await compile(onTinyModels(document as GraphDocument), { hostFor: () => host });
    expect("models" in compiled && compiled.models.length).toBeGreaterThan(0);
  });
});

describe("templates", () => {
  it.each(saved("nodes/templates"))("have no node that could be brought up to date: %s", (_, path) => {
    expect(updatesOf(JSON.parse(readFileSync(path, "utf8")) as GraphDocument)).toEqual([]);
  });
  it.each(saved("nodes/templates"))("have on their cards what nodes of theirs gave: %s", (file, path) => {
    const id = file.slice(0, -".json".length);
    const { nodes } = JSON.parse(readFileSync(path, "utf8")) as GraphDocument;
    expect(Object.keys(nodes)).toEqual(expect.arrayContaining([...(results[id] ?? ["no node"])]));
    for (const theme of ["light", "dark"]) {
      expect(readdirSync("docs/templates/cards")).toContain(`${id}-${theme}.webp`);
    }
  });
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
    ).toEqual([
      "albef-pretrain",
      "albef-retrieval",
      "align-train",
      "blip-capfilt",
      "blip-pretrain",
      "clip-resnet-train",
      "clip-train-emoji",
      "clip-vit-train",
      "distill-ema-teacher",
      "fine-tune-an-llm-lora",
      "import-onnx-finetune",
      "linear-probe",
      "llava-from-nothing",
      "llava-train-two-stages",
      "lora-finetune",
      "mae-pretrain",
      "vilt",
      "vlmo",
    ]);
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
  it("answer with a language model, one text for each question", async () => {
    const { error, outputs } = await runOnTinyModels("chat-with-a-language-model");
    expect(error).toBeUndefined();
    expect(outputs.answer?.text?.value).toHaveLength(2);
  });
  it("find texts by what they mean to an encoder", async () => {
    const { error, outputs } = await runOnTinyModels("embed-and-search-text", {
      questions: { text: "A dog chases a ball in the park.\nBread is baked from flour, water and salt." },
    });
    expect(error).toBeUndefined();
    expect(outputs.search?.found?.value).toEqual([
      "A dog chases a ball in the park.",
      "Bread is baked from flour, water and salt.",
    ]);
  });
  it("name pictures with a CLIP from a folder, of which a chunk holds 27, out of all labels", async () => {
    const { error, number } = await runOnTinyModels("zero-shot-with-your-clip", { pictures: { limit: 40 } });
    expect(error).toBeUndefined();
    expect(number("accuracy", "candidates")).toBe(40);
  });
  it("teach a language model answers with adapters", async () => {
    const { error, outputs, events } = await runOnTinyModels("fine-tune-an-llm-lora", {
      trainer: { steps: 30, lr: 0.02, evaluate: 15 },
    });
    expect(error).toBeUndefined();
    const measured = events.flatMap((event) => (event.kind === "metric" ? Object.entries(event.values) : []));
    const perplexities = measured.flatMap(([name, value]) => (name.includes("perplexity") ? [value as number] : []));
    expect(perplexities.length).toBeGreaterThan(1);
    expect(perplexities.at(-1)).toBeLessThan((perplexities[0] as number) / 2);
    expect(outputs["after/generate"]?.text?.value).toHaveLength(2);
    expect(outputs.save?.file?.value).toMatchObject({ name: "fine-tuned.safetensors" });
  });
  it("answer questions about pictures with what ships, behind a fetched language model", async () => {
    const { error, outputs } = await runOnTinyModels("ask-about-my-picture");
    expect(error).toBeUndefined();
    expect(outputs.answers?.text?.value).toHaveLength(3);
  });
  it.each(["llava-onevision", "llava-next"])("ask %s about pictures, tile by tile", async (id) => {
    const { error, outputs } = await runOnTinyModels(id, { answers: { longest: 8 } });
    expect(error).toBeUndefined();
    expect(outputs.answers?.text?.value).toHaveLength(3);
  });
  it("teach a language model to see in two stages, each on its own rows", async () => {
    const stages = [
      { name: "captions", steps: 12, trains: "projector*=3, *", data: "caption" },
      { name: "questions", steps: 12, trains: "*", data: "colour=1, shape=1, yes or no=3" },
    ];
    const changes = { trainer: { stages, batch: 8, lr: 0.01, warmup: 2 }, answers: { longest: 2 } };
    const { error, outputs } = await runOnTinyModels("llava-train-two-stages", changes);
    expect(error).toBeUndefined();
    const { lines } = outputs.trainer?.curve?.value as { lines: { name: string; values: number[] }[] };
    const losses = lines.find(({ name }) => name.includes("loss"))?.values ?? [];
    expect(losses.length).toBeGreaterThan(20);
    expect(losses[11]).toBeLessThan((losses[0] as number) - 0.5);
    expect(outputs.vqa?.questions?.value).toBe(12);
    expect(outputs.save?.file?.value).toMatchObject({ name: "adapter_config.json" });
  });
  it("train a small LLaVA from nothing on shapes, whose loss falls", async () => {
    const { error, outputs } = await runOnTinyModels("llava-from-nothing", {
      "llava/vision": { layers: 1 },
      "llava/decoder": { layers: 1 },
      "llava/tiler": { resolutions: "(1x1),…,(2x2)" },
      data: { rows: 48 },
      unseen: { rows: 12 },
      trainer: { steps: 8, batch: 8, lr: 0.005, warmup: 1 },
    });
    expect(error).toBeUndefined();
    const { lines } = outputs.trainer?.curve?.value as { lines: { name: string; values: number[] }[] };
    const losses = lines.find(({ name }) => name.includes("loss"))?.values ?? [];
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) - 0.5);
    expect(outputs.vqa?.questions?.value).toBe(12);
  });
  it("cannot be read from elsewhere", async () => {
    for (const id of ["../registry", "/etc/passwd", "a/b", "x".repeat(300)])
      expect(await readTemplate(id)).toBeUndefined();
  });
});

/** Runs a template on tiny models, with some parameters changed. */
async function runOnTinyModels(id: string, changes: Changes = {}) {
  const document = changed(onTinyModels((await readTemplate(id)) as GraphDocument), changes);
  return runDocument(document, await temporaryFolder(), { folders: tinyFolders });
}

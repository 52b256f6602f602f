import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { scopeOf } from "#nodes/graph/infer";
import { make } from "#nodes/graph/make-composite";
import { parseText } from "#nodes/graph/parse";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { runDocument, tinyClip } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";

type Ran = Awaited<ReturnType<typeof runDocument>>;

function opened(path: string): GraphDocument {
  return parseText(readFileSync(path, "utf8")).document as GraphDocument;
}

const losses = ({ events }: Ran) =>
  events.flatMap((event) => (event.kind === "metric" ? [[event.step, event.values.loss]] : []));

/** A few steps of the template on a few drawings. */
function shortened(document: GraphDocument, limited: Readonly<Record<string, string>>): GraphDocument {
  const changed = structuredClone(document);
  Object.assign(changed.nodes.trainer?.params ?? {}, { steps: 4, batch: 8, warmup: 1 });
  for (const [instance, limit] of Object.entries(limited)) {
    const composite = changed.composites?.drawings;
    const params = changed.nodes[instance]?.params ?? {};
    params.limit = Number(limit);
    if (composite) composite.params.limit = { to: [{ node: "data", param: "limit" }] };
  }
  return changed;
}

describe("Train CLIP on emoji", () => {
  const flat = opened("tests/fixtures/graphs/2026-11-clip-train.json");
  const template = opened("nodes/templates/clip-train-emoji.json");

  it("is the graph that it was before it had composites, in fewer than half of the nodes", () => {
    const scopes = (document: GraphDocument) => [...resolve(document, registry).nodes.values()].map(scopeOf).sort();
    const named = (document: GraphDocument) => scopes(document).filter((scope) => !/[_/]/.test(scope));
    expect(Object.keys(flat.nodes)).toHaveLength(32);
    expect(Object.keys(template.nodes)).toHaveLength(14);
    expect(resolve(template, registry).nodes.size).toBe(32);
    expect(named(template)).toEqual(expect.arrayContaining(["scorer", "text", "vision"]));
  });

  it("trains and tests to the very same numbers", async () => {
    const before = await runDocument(shortened(flat, { data: "24", test_data: "12" }), await temporaryFolder());
    const after = await runDocument(
      shortened(template, { drawings: "24", test_drawings: "12" }),
      await temporaryFolder(),
    );
    expect([before.error, after.error]).toEqual([undefined, undefined]);
    expect(losses(after)).toHaveLength(4);
    expect(losses(after)).toEqual(losses(before));
    for (const port of ["top1", "top5"]) expect(after.number("accuracy", port)).toBe(before.number("accuracy", port));
    expect(after.outputs.labels).toEqual(before.outputs.labels);
    expect(after.outputs.save?.file?.value).toEqual(before.outputs.save?.file?.value);
  });
});

describe("a training", () => {
  it("draws and learns the same after random nodes became a composite", async () => {
    const plain = tinyClip({ steps: 3 });
    const made = make(plain, ["resize", "augment", "describe", "vision"], { title: "Part" })?.document as GraphDocument;
    const before = await runDocument(plain, await temporaryFolder());
    const after = await runDocument(made, await temporaryFolder());
    expect(after.error).toBeUndefined();
    expect(losses(after)).toEqual(losses(before));
  });
});

describe("a checkpoint", () => {
  it("that was saved before a part became a composite loads after", async () => {
    const dir = await temporaryFolder();
    const plain = tinyClip({ steps: 3 });
    const trained = await runDocument(plain, dir);
    const towers = ["normalize", "vision", "image_projector", "image_norm"];
    const made = make(plain, towers, { title: "Tower" })?.document as GraphDocument;
    const again = await runDocument(made, dir);
    expect([trained.error, again.error]).toEqual([undefined, undefined]);
    // The training itself comes from the cache: its weights have the names that the tower asks for.
    expect(again.cached).toContain("trainer");
    expect(again.outputs.trainer).toEqual(trained.outputs.trainer);
  });

  it("of two instances has both, each under a name of its own", async () => {
    const plain = tinyClip({ steps: 2 });
    const made = make(plain, ["vision", "image_projector"], { title: "Tower" })?.document as GraphDocument;
    const twin = { ...made.nodes.tower, params: {} } as GraphDocument["nodes"][string];
    const document: GraphDocument = { ...made, nodes: { ...made.nodes, twin } };
    document.wires = [
      ...made.wires.filter(({ from }) => from.node !== "text_projector"),
      { from: { node: "normalize", port: "pixels" }, to: { node: "twin", port: "pixels" } },
      { from: { node: "twin", port: "embedding" }, to: { node: "text_norm", port: "embedding" } },
    ];
    const { error, outputs } = await runDocument(document, await temporaryFolder(), { targets: ["trainer"] });
    expect(error).toBeUndefined();
    const { ref } = outputs.trainer?.weights?.value as { ref: string };
    expect(ref).toBeTruthy();
    const names = [...resolve(document, registry).nodes.values()].filter(({ id }) => /vision/.test(id)).map(scopeOf);
    expect(names).toEqual(["vision", "twin.vision"]);
  });
});

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument, tinyClip, tinyTower } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";

/** A tower whose last block is looked at: 4 patches and a class token, 2 heads. */
function watched(): GraphDocument {
  const tower = tinyTower();
  const heat = graph({ heat: ["output.patch-heat", { before: 1 }] }, [
    "vision.attentions -> heat.values",
    "resize.image -> heat.image",
  ]);
  return { ...tower, nodes: { ...tower.nodes, ...heat.nodes }, wires: [...tower.wires, ...heat.wires] };
}

describe("attention", () => {
  it("is given where it is wired, as shares of all tokens, and shown over the picture", async () => {
    const document = watched();
    const { types, problems } = check(document);
    expect(problems).toEqual([]);
    expect(types.vision?.out.attentions?.shape).toEqual(["data.N", 2, 5, 5]);
    const dir = await temporaryFolder();
    const targets = ["vision", "heat", "norm"];
    const { outputs, error, events } = await runDocument(document, dir, { targets });
    expect(error).toBeUndefined();
    const stored = outputs.vision?.attentions?.value;
    const { shape, data } = (await loadValue("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
    expect(shape).toEqual([6, 2, 5, 5]);
    for (let row = 0; row < data.length; row += 5) {
      const shares = Array.from(data.slice(row, row + 5) as Float32Array);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      expect(shares.every((share) => share > 0)).toBe(true);
    }
    const shown = events.flatMap((event) => (event.kind === "node-done" && event.node === "heat" ? [event] : []))[0];
    expect(shown?.previews.view).toMatchObject({
      kind: "patch-heat",
      grid: [2, 2],
      names: ["mean of the heads", "head 0", "head 1"],
      isFromTokens: true,
    });
  });

  it("is not computed where nothing reads it, and changes nothing of what else is given", async () => {
    const plain = await runDocument(tinyTower(), await temporaryFolder(), { targets: ["vision", "norm"] });
    const seen = await runDocument(watched(), await temporaryFolder(), { targets: ["vision", "heat", "norm"] });
    expect(Object.keys(plain.outputs.vision ?? {})).not.toContain("attentions");
    expect(seen.outputs.norm).toEqual(plain.outputs.norm);
    const alone = graph({ text: ["text.input", { text: "a" }], t: ["text.load-tokenizer"], ids: ["text.tokenize"] }, [
      "text.text -> ids.text",
      "t.tokenizer -> ids.tokenizer",
    ]);
    const tower = graph({ tower: ["model.text-transformer", { vocabulary: 50_000, width: 16, layers: 1, heads: 2 }] });
    const wires = graph({}, ["ids.ids -> tower.ids"]).wires;
    const document = { ...alone, nodes: { ...alone.nodes, ...tower.nodes }, wires: [...alone.wires, ...wires] };
    const { outputs } = await runDocument(document, await temporaryFolder());
    expect(Object.keys(outputs.tower ?? {}).toSorted()).toEqual(["features", "tokens"]);
  });

  it("of texts under a causal mask is of tokens before alone", async () => {
    const document = tinyClip();
    const wire = graph({}, ["text.attentions -> export.tensor"]).wires;
    const nodes = { ...document.nodes, ...graph({ export: ["output.export-tensor"] }).nodes };
    const dir = await temporaryFolder();
    const targets = ["text", "export"];
    const whole = { ...document, nodes, wires: [...document.wires, ...wire] };
    const { outputs, error } = await runDocument(whole, dir, { targets });
    expect(error).toBeUndefined();
    const stored = outputs.text?.attentions?.value;
    const { shape, data } = (await loadValue("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
    expect(shape).toEqual([48, 2, 8, 8]);
    const isAhead = (place: number) => place % 8 > Math.floor(place / 8) % 8;
    expect(Array.from(data as Float32Array).every((share, place) => !isAhead(place) || share < 1e-6)).toBe(true);
  });
});

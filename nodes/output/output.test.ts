import { describe, expect, it } from "vitest";
import { readSafetensors } from "#models/files/safetensors";
import { flat, floats, runNode, testHost } from "#tests/kit/run-node";
import { curve } from "./curve";
import { exportTensor } from "./export-tensor";
import { imageGrid } from "./image-grid";
import { rankedLabels } from "./ranked-labels";
import { similarityHeatmap } from "./similarity-heatmap";

describe("outputs", () => {
  it("show a grid of decoded pictures with captions, up to the limit", async () => {
    const { gallery } = await runNode(
      imageGrid,
      {
        image: flat(2, 2, [
          [1, 1, 1],
          [2, 2, 2],
          [3, 3, 3],
        ]),
        caption: ["a", "b", "c"],
      },
      { limit: 2 },
    );
    expect(gallery.captions).toEqual(["a", "b"]);
    expect(gallery.images.every((i) => "width" in i && i.width === 2)).toBe(true);
  });
  it("cut a heatmap to its first rows and columns", async () => {
    const { matrix } = await runNode(
      similarityHeatmap,
      { values: floats([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), rows: ["a", "b", "c"] },
      { limit: 2 },
    );
    expect([...matrix.values.data]).toEqual([1, 2, 4, 5]);
    expect([matrix.rows, matrix.columns]).toEqual([
      ["a", "b"],
      ["0", "1"],
    ]);
  });
  it("show only the wrong ones on request", async () => {
    const item = (label: string, truth: string) => ({ labels: [{ label, score: 1 }], truth });
    const { ranking } = await runNode(
      rankedLabels,
      { ranking: { items: [item("a", "a"), item("a", "b")] } },
      { show: "wrong" },
    );
    expect(ranking.items).toEqual([item("a", "b")]);
  });
  it("smooth a curve without a lag at its start, and name unknown lines", async () => {
    const value = { x: { label: "step", values: [1, 2, 3] }, lines: [{ name: "loss", values: [4, 4, 1] }] };
    const result = await runNode(curve, { curve: value }, { smooth: 0.5 });
    expect(result.curve.lines[0]?.values.map((v) => Number(v?.toFixed(4)))).toEqual([4, 4, 2.2857]);
    await expect(runNode(curve, { curve: value }, { lines: "acc" })).rejects.toThrow("There is no line named acc.");
  });
  it("export a tensor that safetensors reads", async () => {
    const host = await testHost();
    const { file } = await runNode(
      exportTensor,
      { tensor: floats([1, 2], [3, 4]), rows: ["cat"] },
      { name: "e" },
      host,
    );
    const { tensors, metadata } = readSafetensors(await host.get(file.ref));
    expect(tensors.get("e")?.shape).toEqual([1, 2]);
    expect(metadata).toEqual({ rows: '["cat"]' });
  });
});

import { describe, expect, it } from "vitest";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { readSafetensors, toFloat32 } from "#models/files/safetensors";
import { openBlobs } from "#server/storage/blobs";
import type { FileValue } from "../core/values";
import { flat, floats, runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
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
  it("show a sample of a large matrix that is evenly drawn, and say so", async () => {
    const warnings: string[] = [];
    const host = { ...(await testHost()), warn: (message: string) => void warnings.push(message) };
    const values = floats(
      [9, 3],
      Array.from({ length: 27 }, (_, i) => i),
    );
    const { matrix } = await runNode(similarityHeatmap, { values }, { limit: 4, shown: "evenly drawn" }, host);
    expect(matrix.rows).toEqual(["0", "4", "8"]);
    expect([...matrix.values.data]).toEqual([0, 1, 2, 12, 13, 14, 24, 25, 26]);
    expect(warnings).toEqual(["Rows: 3 of 9, evenly drawn. Columns: all 3."]);
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

describe("an exported tensor whose rows come in chunks", () => {
  const chunks = [floats([2, 2], [1, 2, 3, 4]), floats([1, 2], [5, 6])];
  const texts = [["cat", "dog"], ["cöw"]];

  /** The bytes of the file that the chunks become. */
  async function exported(format: string, dir?: string): Promise<Uint8Array> {
    const host = await testHost(dir === undefined ? {} : { blobs: openBlobs(dir) });
    const reducer = exportTensor.reduce?.start({ host, inputs: {} as never, params: { format, name: "e" } as never });
    for (const [i, tensor] of chunks.entries()) await reducer?.add({ tensor, rows: texts[i] }, 0);
    const { file } = (await reducer?.finish()) as { file: FileValue };
    expect([file.name, file.bytes]).toEqual([`e.${format}`, await host.size(file.ref)]);
    return host.get(file.ref);
  }

  it("is the safetensors file of all rows, and leaves nothing else behind", async () => {
    const dir = await temporaryFolder();
    const { tensors, metadata } = readSafetensors(await exported("safetensors", dir));
    expect(tensors.get("e")?.shape).toEqual([3, 2]);
    expect(toFloat32(tensors.get("e") as never)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(metadata).toEqual({ rows: '["cat","dog","cöw"]' });
    expect(await readdir(join(dir, "tmp"))).toEqual([]);
  });
  it("is a NumPy file, without the texts", async () => {
    const bytes = await exported("npy");
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
    expect(text.startsWith("\x93NUMPY\x02\x00")).toBe(true);
    expect(text).toContain("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2,), }");
    const numbers = new Uint8Array(bytes.subarray(-24)).buffer;
    expect([...new Float32Array(numbers)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect((bytes.length - 24) % 64).toBe(0);
  });
  it("is a Parquet file with a column of lists", async () => {
    const bytes = await exported("parquet");
    const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    expect(rows).toEqual([
      { text: "cat", e: [1, 2] },
      { text: "dog", e: [3, 4] },
      { text: "cöw", e: [5, 6] },
    ]);
  });
  it("refuses texts that are not one for each row", async () => {
    await expect(runNode(exportTensor, { tensor: floats([2, 1], [1, 2]), rows: ["a"] })).rejects.toThrow(
      "The tensor has 2 rows, and there are 1 texts.",
    );
  });
});

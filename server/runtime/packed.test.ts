import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImageBatch, Tensor } from "#nodes/core/values";
import { readSafetensors } from "#models/files/safetensors";
import { graph, runDocument } from "#tests/kit/graphs";
import { packedRegistry, tilesOf } from "#tests/kit/packed-nodes";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import type { ExecuteOptions, ExecuteResult } from "./execute";
import { concatenated, rangeOf, readAllRows, readRows, storedRowCount, takeStoredRows } from "./rows";
import { rowCount, sliceRows, storeValue } from "./values";

describe("packed values", () => {
  const counts = [2, 0, 3, 1];
  const tensor: Tensor = {
    dtype: "float32",
    shape: [6, 2],
    data: Float32Array.from({ length: 12 }, (_, i) => i),
    counts,
  };
  const images: ImageBatch = { files: Array.from("abcdef", (ref) => ({ ref, width: 1, height: 1 })), counts };
  const pixels: ImageBatch = {
    pixels: { dtype: "uint8", shape: [6, 1, 1, 3], data: Uint8Array.from({ length: 18 }, (_, i) => i) },
    counts,
  };

  it.each([
    ["tensor", tensor],
    ["image", images],
    ["image", pixels],
  ] as const)("are taken, read and put together by rows (%s)", async (type, value) => {
    const blobs = openBlobs(join(await temporaryFolder(), "blobs"));
    const stored = await storeValue(type, value, blobs);
    const parts = [rangeOf(type, value, 0, 1), rangeOf(type, value, 1, 2), rangeOf(type, value, 2, 4)];
    const chunks = {
      rows: 4,
      chunks: [
        { rows: 2, value: await storeValue(type, rangeOf(type, value, 0, 2), blobs) },
        { rows: 2, value: await storeValue(type, rangeOf(type, value, 2, 4), blobs) },
      ],
    };
    expect(rowCount(type, value)).toBe(4);
    expect(storedRowCount(type, stored)).toBe(4);
    expect(concatenated(type, parts)).toEqual(value);
    expect(await readAllRows(type, stored, blobs)).toEqual(value);
    expect(await readAllRows(type, chunks, blobs)).toEqual(value);
    expect(await readRows(type, chunks, 1, 3, blobs)).toEqual(rangeOf(type, value, 1, 3));
    const taken = sliceRows[type]?.(value as never, [3, 0, 1]) as Tensor & ImageBatch;
    expect(taken.counts).toEqual([1, 2, 0]);
    expect(await takeStoredRows(type, chunks, [3, 0, 1], blobs)).toEqual(taken);
    if ("files" in taken) expect(taken.files.map((file) => "ref" in file && file.ref)).toEqual(["f", "a", "b"]);
  });
});

const rows = 150;
const document = graph(
  {
    rows: ["test.numbers", { rows }],
    tiles: ["test.tiles"],
    normalize: ["image.normalize", { preset: "half" }],
    encoder: ["test.encoder"],
    packer: ["test.packer"],
  },
  [
    "rows.number -> tiles.number",
    "tiles.image -> normalize.image",
    "normalize.pixels -> encoder.pixels",
    "encoder.tokens -> packer.features",
    "tiles.counts -> packer.counts",
    "tiles.index -> packer.index",
  ],
);
const targets = ["encoder", "packer"];
const tileBytes = 3 * 4 * 4 * 4;

async function run(dir: string, options: Partial<ExecuteOptions> = {}) {
  return runDocument(document, dir, { registry: packedRegistry, targets, ...options });
}
async function tensorOf(result: ExecuteResult, node: string, dir: string): Promise<Tensor> {
  const stored = result.outputs[node]?.tokens?.value;
  return (await readAllRows("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
}

describe("a graph of packed values", () => {
  const counts = Array.from({ length: rows }, (_, row) => tilesOf(row));
  const items = counts.reduce((sum, count) => sum + count, 0);

  it("gives in chunks what it gives at once, bit for bit", async () => {
    const whole = await temporaryFolder();
    const once = await run(whole);
    expect(once.error).toBeUndefined();
    const encoded = await tensorOf(once, "encoder", whole);
    expect(encoded).toMatchObject({ shape: [items, 2, 8], counts });
    const packed = await tensorOf(once, "packer", whole);
    expect(packed.shape).toEqual([rows, 8, 8]);
    expect(packed.counts).toBeUndefined();
    for (const chunkRows of [2, 40]) {
      const dir = await temporaryFolder();
      const { error, ...result } = await run(dir, { chunkBytes: 8 * chunkRows * tileBytes });
      expect(error).toBeUndefined();
      expect(await tensorOf(result, "encoder", dir)).toEqual(encoded);
      expect(await tensorOf(result, "packer", dir)).toEqual(packed);
    }
  });

  it("reads the tiles of its own rows", async () => {
    const dir = await temporaryFolder();
    const result = await run(dir);
    const encoded = await tensorOf(result, "encoder", dir);
    const packed = await tensorOf(result, "packer", dir);
    let item = 0;
    for (const [row, count] of counts.entries()) {
      const tokens = packed.data.slice(row * 64, row * 64 + count * 16);
      expect(tokens).toEqual(encoded.data.slice(item * 16, (item + count) * 16));
      expect([...packed.data.slice(row * 64 + (2 * count + 1) * 8, (row + 1) * 64)].every((x) => x === 0)).toBe(true);
      item += count;
    }
  });

  it("goes on behind its last whole chunk after a stop", async () => {
    const [stopped, unbroken] = [await temporaryFolder(), await temporaryFolder()];
    const controller = new AbortController();
    const chunkBytes = 8 * 20 * tileBytes;
    const first = await run(stopped, {
      chunkBytes,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === "node-progress" && event.node === "packer" && event.done >= 40) controller.abort();
      },
    });
    expect(first.status).toBe("cancelled");
    const second = await run(stopped, { chunkBytes });
    const reference = await run(unbroken, { chunkBytes });
    const done = second.events.flatMap((event) =>
      event.kind === "node-progress" && event.node === "packer" ? event.done : [],
    );
    expect(done[0]).toBeGreaterThan(20); // the first chunk was there
    for (const node of targets) {
      expect(await tensorOf(second, node, stopped)).toEqual(await tensorOf(reference, node, unbroken));
    }
  });

  it("tells of all items and rows in previews", async () => {
    const { events } = await run(await temporaryFolder(), { chunkBytes: 8 * 40 * tileBytes });
    const previewsOf = (node: string) => {
      const event = events.find((each) => each.kind === "node-done" && each.node === node);
      return event?.kind === "node-done" ? event.previews : {};
    };
    expect(previewsOf("encoder").tokens).toMatchObject({ shape: [items, 2, 8], rows });
    expect(previewsOf("tiles").image).toMatchObject({ count: items, rows });
    expect(previewsOf("packer").tokens).toMatchObject({ shape: [rows, 8, 8] });
  });

  it("refuses numbers of items that are not those of the items", async () => {
    const changed = structuredClone(document);
    Object.assign(changed.nodes, graph({ other: ["test.other-counts"] }).nodes);
    for (const { from, to } of changed.wires) if (to.port === "counts") from.node = "other";
    changed.wires.push(...graph({}, ["tiles.counts -> other.counts"]).wires);
    const options = { registry: packedRegistry, targets: ["packer"] };
    const { error } = await runDocument(changed, await temporaryFolder(), options);
    expect(error).toMatchObject({
      message: "Row 3 has 3 items, and 4 by other.counts.",
      hint: "Wire the numbers of items from the node that gave the items.",
    });
  });

  it("is exported with how many items each row has, or not at all", async () => {
    const exported = async (format: string) => {
      const dir = await temporaryFolder();
      const changed = structuredClone(document);
      Object.assign(changed.nodes, graph({ file: ["output.export-tensor", { format }] }).nodes);
      changed.wires.push(...graph({}, ["encoder.tokens -> file.tensor"]).wires);
      const options = { registry: packedRegistry, targets: ["file"], chunkBytes: 8 * 40 * tileBytes };
      return { dir, result: await runDocument(changed, dir, options) };
    };
    const { dir, result } = await exported("safetensors");
    const { ref } = result.outputs.file?.file?.value as { ref: string };
    const { tensors } = readSafetensors(await openBlobs(join(dir, "blobs")).get(ref));
    expect(tensors.get("embeddings")?.shape).toEqual([items, 2, 8]);
    const bytes = Uint8Array.from(tensors.get("embeddings.counts")?.data as Uint8Array);
    expect([...new BigInt64Array(bytes.buffer)].map(Number)).toEqual(counts);
    expect((await exported("npy")).result.error).toMatchObject({
      message: "A NumPy file has no place for how many items each row has.",
    });
  });
});

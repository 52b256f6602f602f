import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import type { Tensor } from "#nodes/core/values";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import type { ExecuteOptions, ExecuteResult } from "./execute";
import { readAllRows } from "./rows";

/** Pictures to embeddings, compared with each other. A row is widest as pixels: 16 · 16 · 3 float32. */
const embeddings = (limit = 50, last: Record<string, unknown> = {}) =>
  graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit }],
      resize: ["image.resize", { width: 16, height: 16 }],
      augment: ["image.augment", {}],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { scope: "v", patch: 8, width: 32, layers: 1, heads: 2 }],
      projector: ["model.projector", { scope: "p", width: 8 }],
      norm: ["model.l2-normalize"],
      grid: ["output.image-grid", { limit: 20 }],
      similarity: ["model.contrastive-scorer"],
      retrieval: ["eval.retrieval", last],
    },
    [
      "data.image -> resize.image",
      "resize.image -> augment.image",
      "augment.image -> normalize.image",
      "augment.image -> grid.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> projector.features",
      "projector.embedding -> norm.embedding",
      "norm.embedding -> similarity.images",
      "norm.embedding -> similarity.texts",
      "similarity.logits -> retrieval.logits",
    ],
  );
const rowBytes = 16 * 16 * 3 * 4;

/** All numbers of an output that is a tensor. */
async function numbersOf(result: ExecuteResult, node: string, port: string, dir: string): Promise<number[]> {
  const stored = result.outputs[node]?.[port]?.value;
  const tensor = (await readAllRows("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
  return [...(tensor.data as Float32Array)];
}

const isProgressOf = (node: string) => (event: RunEvent) => event.kind === "node-progress" && event.node === node;

it("gives in chunks what it gives at once, and keeps the rows in their order", async () => {
  const dir = await temporaryFolder();
  const document = embeddings();
  delete document.nodes.augment; // its draws belong to a chunk
  document.wires = document.wires
    .filter((wire) => wire.from.node !== "augment" && wire.to.node !== "augment")
    .concat(
      graph({ resize: ["image.resize"], normalize: ["image.normalize"], grid: ["output.image-grid"] }, [
        "resize.image -> normalize.image",
        "resize.image -> grid.image",
      ]).wires,
    );
  const whole = await runDocument(document, await temporaryFolder(), { targets: ["norm", "grid"] });
  const chunked = await runDocument(document, dir, { targets: ["norm", "grid"], chunkBytes: 7 * rowBytes });
  expect(chunked.error).toBeUndefined();
  const numbers = await numbersOf(chunked, "norm", "embedding", dir);
  expect(numbers).toHaveLength(50 * 8);
  const once = await runDocument(document, dir, { targets: ["norm"] });
  expect(once.ran).toEqual([]); // whatever the chunks, a result is a result
  expect(chunked.outputs.grid).toEqual(whole.outputs.grid);
  expect(chunked.outputs.norm?.embedding?.value).toMatchObject({ shape: [50, 8] }); // small, so in one piece
});

it("previews tell of all rows", async () => {
  const { events } = await runDocument(embeddings(), await temporaryFolder(), { chunkBytes: 7 * rowBytes });
  const done = events.find((event) => event.kind === "node-done" && event.node === "norm");
  expect(done?.kind === "node-done" && done.previews.embedding).toMatchObject({ shape: [50, 8] });
  const pictures = events.find((event) => event.kind === "node-done" && event.node === "resize");
  expect(pictures?.kind === "node-done" && pictures.previews.image).toMatchObject({ count: 50 });
});

it("goes on behind its last whole chunk after a stop, and gives the very same numbers", async () => {
  const options: Partial<ExecuteOptions> = { targets: ["norm"], chunkBytes: 7 * rowBytes };
  const [stopped, unbroken] = [await temporaryFolder(), await temporaryFolder()];
  const controller = new AbortController();
  const first = await runDocument(embeddings(), stopped, {
    ...options,
    signal: controller.signal,
    onEvent: (event) => {
      if (event.kind === "node-progress" && event.node === "vision" && event.done >= 21) controller.abort();
    },
  });
  expect(first.status).toBe("cancelled");
  const second = await runDocument(embeddings(), stopped, options);
  const made = second.events.filter(isProgressOf("vision"));
  const dones = made.map((event) => (event.kind === "node-progress" ? event.done : 0));
  const reference = await runDocument(embeddings(), unbroken, options);
  expect(await numbersOf(second, "norm", "embedding", stopped)).toEqual(
    await numbersOf(reference, "norm", "embedding", unbroken),
  );
  expect(dones[0]).toBe(28); // the first 21 rows were there
  expect(dones.at(-1)).toBe(50);
});

it("refuses before the first row what will not fit where all rows are needed at once", async () => {
  vi.stubEnv("PATCHBAY_MEMORY", "100 KiB"); // more than the weights
  const document = embeddings(1000);
  for (const wire of document.wires)
    if (wire.to.node === "similarity") wire.from = { node: "vision", port: "features" };
  const { error, events } = await runDocument(document, await temporaryFolder(), { targets: ["similarity"] });
  expect(error).toMatchObject({
    node: "vision",
    message:
      "All 1,000 rows of Vision transformer (vision.features) are needed at once; " +
      "they take 125.0 KiB, and runs may hold 100.0 KiB.",
  });
  expect(events.filter(isProgressOf("vision"))).toEqual([]);
});

it("says which node needs all rows, and why", async () => {
  vi.stubEnv("PATCHBAY_MEMORY", "100 KiB");
  const document = embeddings(1000);
  for (const wire of document.wires) {
    if (wire.to.node === "similarity") wire.to = { node: "retrieval", port: wire.to.port };
    if (wire.to.node === "retrieval") wire.from = { node: "vision", port: "features" };
  }
  document.wires = document.wires.filter((wire) => wire.to.port !== "logits");
  const { error } = await runDocument(document, await temporaryFolder(), { targets: ["retrieval"] });
  expect(error).toMatchObject({
    message: expect.stringContaining("are needed at once by Retrieval recall; they take 125.0 KiB"),
    hint: expect.stringMatching(/^Every image is compared with every text.*Take fewer rows, such as every tenth/),
  });
});

it("lets go of what is large and only read inside of a region", async () => {
  const document = embeddings(1100);
  (document.nodes.projector as { params: object }).params = { scope: "p", width: 4096 }; // 17 MiB in all
  const { error, ran, events } = await runDocument(document, await temporaryFolder(), { targets: ["norm"] });
  expect(error).toBeUndefined();
  expect(ran).toContain("projector");
  const done = events.find((event) => event.kind === "node-done" && event.node === "projector");
  expect(done).toMatchObject({ previews: {} });
});

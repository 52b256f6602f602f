import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import type { FileValue } from "#nodes/core/values";
import { readModel } from "#models/onnx/import/read";
import { isImportable } from "#models/onnx/import/translate";
import { writeSafetensors } from "#models/files/safetensors";
import { sourceOf } from "#models/onnx/import/fields";
import { signatureOf } from "#models/onnx/import/inspect";
import { asArray } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { greedy, openCached } from "#tests/kit/cached-decoder";
import { temporaryFolder } from "#tests/kit/run-node";

const towers: Record<string, [string, Record<string, unknown>?]> = {
  data: ["data.mnist", { limit: 2, split: "test" }],
  resize: ["image.resize", { width: 16, height: 16 }],
  normalize: ["image.normalize"],
  vision: ["model.vision-transformer", { patch: 8, width: 16, layers: 1, heads: 2 }],
  head: ["model.projector", { width: 5 }],
  export: ["output.export-onnx", { name: "encoder" }],
};
const wires = [
  "data.image -> resize.image",
  "resize.image -> normalize.image",
  "normalize.pixels -> vision.pixels",
  "vision.features -> head.features",
  "head.embedding -> export.tensor",
];
const close = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  expect(Math.max(...Array.from(a, (x, i) => Math.abs(x - (b[i] as number))))).toBeLessThan(1e-5);

async function exported(document: GraphDocument, dir: string, targets?: string[]) {
  const result = await runDocument(document, dir, { targets });
  const blobs = openBlobs(join(dir, "blobs"));
  expect(result.error).toBeUndefined();
  const bytes = await blobs.get((result.outputs.export?.file?.value as FileValue).ref);
  const tensor = async (node: string, port: string) => {
    const { dtype, shape, ref } = result.outputs[node]?.[port]?.value as {
      dtype: "float32";
      shape: number[];
      ref: string;
    };
    return { shape, data: asArray(dtype, await blobs.get(ref)) as Float32Array };
  };
  return { result, bytes, tensor, session: await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 }) };
}

describe("an exported model", () => {
  it.each([
    ["in the file", false],
    ["beside it", false],
    ["in the file", true],
    ["beside it", true],
  ])("with its weights %s gives what the graph gives; quantized: %s", async (place, isQuantized) => {
    const dir = await temporaryFolder();
    const blobs = openBlobs(join(dir, "blobs"));
    const head = {
      name: "projection.proj.weight",
      shape: [64, 5],
      data: Float32Array.from({ length: 320 }, (_, i) => i % 7),
    };
    const nodes = {
      ...towers,
      vision: ["model.vision-transformer", { patch: 8, width: 64, layers: 1, heads: 2 }],
      fresh: ["weights.make", { seed: 3 }],
      load: ["weights.load", { source: "upload", file: { ref: await blobs.put(writeSafetensors([head])) } }],
      quantize: ["weights.quantize", { smallest: 1 }],
      export: ["output.export-onnx", { name: "encoder", weights: place }],
    } as typeof towers;
    const weights = isQuantized ? "quantize.weights" : "load.weights";
    const all = [...wires, "fresh.weights -> vision.weights", "load.weights -> quantize.weights"];
    const document = graph(nodes, [...all, `${weights} -> head.weights`]);
    const result = await runDocument(document, dir, { targets: ["export", "head", "normalize"] });
    expect(result.error).toBeUndefined();
    const file = result.outputs.export?.file?.value as FileValue;
    expect(file.beside?.map(({ name }) => name)).toEqual(place === "beside it" ? ["encoder.onnx.data"] : undefined);
    const folder = await temporaryFolder();
    for (const { name, ref } of [file, ...(file.beside ?? [])])
      await writeFile(join(folder, name), await blobs.get(ref));
    const session = await ort.InferenceSession.create(join(folder, file.name), { logSeverityLevel: 3 });
    const stored = async (node: string, port: string) => {
      const { shape, ref } = result.outputs[node]?.[port]?.value as { shape: number[]; ref: string };
      return { shape, data: asArray("float32", await blobs.get(ref)) as Float32Array };
    };
    const pixels = await stored("normalize", "pixels");
    const { embedding } = await session.run({ pixels: new ort.Tensor("float32", pixels.data, pixels.shape) });
    close(embedding?.data as Float32Array, (await stored("head", "embedding")).data);
    const model = new TextDecoder("latin1").decode(await blobs.get(file.ref));
    expect(model.includes("MatMulNBits")).toBe(isQuantized);
  });
  it("runs without Patchbay, at any batch size, with the graph's numbers", async () => {
    const { session, tensor, result } = await exported(graph(towers, wires), await temporaryFolder(), [
      "export",
      "head",
      "normalize",
    ]);
    expect([session.inputNames, session.outputNames]).toEqual([["pixels"], ["embedding"]]);
    expect(result.events.filter((e) => e.kind === "warning")).toMatchObject([
      {
        node: "export",
        message: "vision.conv1.weight was drawn at random: nothing is wired to the weights of its node.",
      },
    ]);
    const pixels = await tensor("normalize", "pixels");
    const embedding = await tensor("head", "embedding");
    for (const rows of [1, 7, 20]) {
      const { embedding: out } = await session.run({
        pixels: new ort.Tensor("float32", pixels.data.slice(0, rows * 3 * 256), [rows, 3, 16, 16]),
      });
      expect(out?.dims).toEqual([rows, 5]);
      close(out?.data as Float32Array, embedding.data.subarray(0, rows * 5));
    }
  });
  it("needs no data: nothing that only feeds it runs", async () => {
    const { result } = await exported(graph(towers, wires), await temporaryFolder());
    expect(result.ran).toEqual(["export"]);
  });
  it("holds the trained weights, and gives as many outputs as are wired", async () => {
    const head: [string, Record<string, unknown>] = ["model.projector", { width: 10 }];
    const document = graph(
      {
        ...towers,
        head,
        ids: ["text.label-ids"],
        loss: ["loss.cross-entropy"],
        trainer: ["train.trainer", { steps: 3, batch: 10, warmup: 0 }],
        trained: towers.vision as typeof head,
        last: head,
      },
      [
        ...wires.slice(0, 4),
        "head.embedding -> loss.logits",
        "data.label -> ids.text",
        "ids.ids -> loss.labels",
        "loss.loss -> trainer.loss",
        "normalize.pixels -> trained.pixels",
        "trainer.weights -> trained.weights",
        "trained.features -> last.features",
        "trainer.weights -> last.weights",
        "trained.features -> export.tensor",
        "trained.tokens -> export.tensor",
        "last.embedding -> export.tensor",
      ],
    );
    const { bytes, session, tensor, result } = await exported(document, await temporaryFolder(), [
      "export",
      "trained",
      "normalize",
    ]);
    expect(result.events.filter((e) => e.kind === "warning")).toEqual([]);
    expect(session.outputNames).toEqual(["features", "tokens", "embedding"]);
    expect(
      (await signatureOf({ size: bytes.length, read: async (from, to) => bytes.subarray(from, to) })).inputs,
    ).toEqual([{ name: "pixels", dtype: "float32", shape: ["batch", 3, 16, 16] }]);
    const pixels = await tensor("normalize", "pixels");
    const out = await session.run({ pixels: new ort.Tensor("float32", pixels.data.slice(0, 768), [1, 3, 16, 16]) });
    close(out.features?.data as Float32Array, (await tensor("trained", "features")).data.subarray(0, 16));
  });
  it("holds nothing that its outputs do not need", async () => {
    const { bytes } = await exported(
      graph(towers, [...wires.slice(0, 3), "vision.tokens -> export.tensor"]),
      await temporaryFolder(),
      ["export"],
    );
    const { initializers } = await readModel(sourceOf(bytes), isImportable);
    expect([initializers.has("vision.blocks.0.ln_1.weight"), initializers.has("vision.ln_post.weight")]).toEqual([
      true,
      false,
    ]);
  });
  it("cannot hold what computes outside of ONNX", async () => {
    const result = await runDocument(
      graph({ data: towers.data as never, normalize: ["image.normalize"], export: ["output.export-onnx"] }, [
        "data.image -> normalize.image",
        "normalize.pixels -> export.tensor",
      ]),
      await temporaryFolder(),
    );
    expect(result.error).toMatchObject({
      node: "export",
      port: "tensor",
      message: "Normalize computes outside of ONNX, so normalize.pixels is no part of a model.",
    });
  });
});

describe("an exported decoder with past and present", () => {
  const sizes = { vocabulary: 560, width: 32, layers: 2, heads: 4, keyHeads: 2, hidden: 48, window: 3 };
  const nodes: Record<string, [string, Record<string, unknown>?]> = {
    text: ["text.input", { text: "a red boat at sea\nthe cat" }],
    tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
    tokenize: ["text.tokenize", { packing: "own", padding: "longest", side: "left", length: 32 }],
    fresh: ["weights.make", { seed: 5 }],
    model: ["model.llm-decoder", sizes],
    generate: ["text.generate", { longest: 6 }],
    export: ["output.export-onnx", { name: "decoder", decoder: "past and present" }],
  };
  const joined = [
    "text.text -> tokenizer.text",
    "text.text -> tokenize.text",
    "tokenizer.tokenizer -> tokenize.tokenizer",
    "tokenize.ids -> model.ids",
    "tokenize.mask -> model.mask",
    "fresh.weights -> model.weights",
    "model.logits -> generate.logits",
    "tokenizer.tokenizer -> generate.tokenizer",
    "model.logits -> export.tensor",
  ];

  it("writes what Generate writes, row beside row", async () => {
    const dir = await temporaryFolder();
    const result = await runDocument(graph(nodes, joined), dir, { targets: ["export", "generate", "tokenize"] });
    expect(result.error).toBeUndefined();
    const blobs = openBlobs(join(dir, "blobs"));
    const rowsOf = async (node: string, port: string) => {
      const { shape, ref } = result.outputs[node]?.[port]?.value as { shape: [number, number]; ref: string };
      const numbers = Array.from(asArray("int64", await blobs.get(ref)) as BigInt64Array, Number);
      return Array.from({ length: shape[0] }, (_, row) => numbers.slice(row * shape[1], (row + 1) * shape[1]));
    };
    const prompts = await rowsOf("tokenize", "ids");
    const decoder = await openCached(await blobs.get((result.outputs.export?.file?.value as FileValue).ref));
    const written = await greedy(decoder, prompts, await rowsOf("tokenize", "mask"), 6);
    expect(written.map((row) => row.slice(prompts[0]?.length))).toEqual(await rowsOf("generate", "tokens"));
  });

  it("is refused where nothing decodes", async () => {
    const { error } = await runDocument(
      graph(nodes, [...joined.filter((wire) => !wire.endsWith("export.tensor")), "tokenize.ids -> export.tensor"]),
      await temporaryFolder(),
      { targets: ["export"] },
    );
    expect(error).toMatchObject({ message: expect.stringContaining("none lies upstream") });
  });
});

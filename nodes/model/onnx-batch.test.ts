import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { signatureOf } from "#models/onnx/import/inspect";
import { readAllRows } from "#server/runtime/rows";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { floatTensor, intTensor, type NodeSpec, onnxFile, wave } from "#tests/kit/onnx-file";
import { temporaryFolder } from "#tests/kit/run-node";

/** A classifier of pictures that was exported for a batch of `n`: its rows go through a Reshape to so many. */
function free(n: number): Uint8Array {
  const nodes: NodeSpec[] = [
    ["Conv", ["pixels", "stem"], ["c"], { strides: [7, 7] }],
    ["Relu", ["c"], ["r"]],
    ["Reshape", ["r", "rows"], ["f"]],
    ["Gemm", ["f", "head"], ["logits"]],
  ];
  return fileOf(n, nodes, intTensor("rows", [n, 64]));
}

/** One whose rows lie behind another axis on the way, and become rows again: no other batch may come. */
function bound(n: number): Uint8Array {
  const nodes: NodeSpec[] = [
    ["Conv", ["pixels", "stem"], ["c"], { strides: [7, 7] }],
    ["Relu", ["c"], ["r"]],
    ["Transpose", ["r"], ["t"], { perm: [1, 2, 3, 0] }],
    ["Reshape", ["t", "columns"], ["s"]],
    ["Sigmoid", ["s"], ["g"]],
    ["Reshape", ["g", "back"], ["b"]],
    ["Transpose", ["b"], ["u"], { perm: [2, 0, 1] }],
    ["Flatten", ["u"], ["f"]],
    ["Gemm", ["f", "head"], ["logits"]],
  ];
  return fileOf(n, nodes, intTensor("columns", [4, n * 16]), intTensor("back", [4, 16, n]));
}

const fileOf = (n: number, nodes: readonly NodeSpec[], ...sizes: ReturnType<typeof intTensor>[]): Uint8Array =>
  onnxFile({
    nodes,
    inputs: { pixels: [n, 3, 28, 28] },
    outputs: { logits: [n, 10] },
    weights: [wave("stem", 4, 3, 7, 7), wave("head", 64, 10), ...sizes],
  });

/** One that takes the mean of its batch away: rows meet. */
const meeting: Uint8Array = onnxFile({
  nodes: [
    ["ReduceMean", ["pixels"], ["mean"], { axes: [0], keepdims: 1 }],
    ["Sub", ["pixels", "mean"], ["s"]],
    ["Flatten", ["s"], ["f"]],
    ["Gemm", ["f", "head"], ["logits"]],
  ],
  opset: 17,
  inputs: { pixels: ["N", 3, 28, 28] },
  outputs: { logits: ["N", 10] },
  weights: [wave("head", 2352, 10)],
});

/** The parameters of a node that runs a file. */
async function nodeOf(dir: string, bytes: Uint8Array): Promise<Record<string, unknown>> {
  const ref = await openBlobs(join(dir, "blobs")).put(bytes);
  const source = { size: bytes.length, read: async (start: number, end: number) => bytes.subarray(start, end) };
  return { source: "upload", file: { ref, name: "model.onnx", signature: await signatureOf(source) } };
}

type Nodes = Parameters<typeof graph>[0];
const pictures = (limit: number): Nodes => ({
  data: ["data.mnist", { limit }],
  normalize: ["image.normalize", { preset: "half" }],
});
const wires = ["data.image -> normalize.image", "normalize.pixels -> model.pixels"];

async function trained(bytes: Uint8Array, batch: number) {
  const dir = await temporaryFolder();
  const document = graph(
    {
      ...pictures(2),
      ids: ["text.label-ids"],
      model: ["model.onnx", await nodeOf(dir, bytes)],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", { steps: 2, batch, warmup: 0 }],
    },
    [
      ...wires,
      "data.label -> ids.text",
      "model.logits -> loss.logits",
      "ids.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  );
  return runDocument(document, dir, { targets: ["trainer"] });
}

describe("an ONNX model that was exported for one batch", () => {
  const kinds = { free, bound };
  for (const [kind, file] of Object.entries(kinds)) {
    it.each([1, 4])(`gives each row what it gives in a batch of 1: ${kind}, batch %i`, async (n) => {
      const dir = await temporaryFolder();
      const document = graph(
        {
          ...pictures(1),
          model: ["model.onnx", await nodeOf(dir, file(n))],
          single: ["model.onnx", { ...(await nodeOf(dir, file(1))), scope: "single" }],
        },
        [...wires, "normalize.pixels -> single.pixels"],
      );
      const result = await runDocument(document, dir);
      expect(result.error).toBeUndefined();
      const tensorOf = async (node: string) => {
        const { ref, shape } = result.outputs[node]?.logits?.value as { ref: string; shape: number[] };
        const bytes = await openBlobs(join(dir, "blobs")).get(ref);
        return { shape, data: new Float32Array(bytes.slice().buffer) };
      };
      const [model, single] = [await tensorOf("model"), await tensorOf("single")];
      expect(model.shape).toEqual(single.shape);
      for (const [i, number] of model.data.entries()) expect(number).toBeCloseTo(single.data[i] as number, 4);
    });
  }
  it("trains with any batch where its rows do not meet", async () => {
    expect((await trained(free(4), 8)).error).toBeUndefined();
  });
  it("trains with that batch alone where they do", async () => {
    expect((await trained(bound(4), 4)).error).toBeUndefined();
    expect((await trained(bound(4), 8)).error).toMatchObject({
      param: "batch",
      message: "ONNX model “model” was exported for a batch of 4, and takes no other.",
      hint: "Set the batch to 4, in one piece, or export the model with dynamic axes.",
    });
  });
});

it("An ONNX model whose weights hold NaN says so", async () => {
  const dir = await temporaryFolder();
  const broken = onnxFile({
    nodes: [
      ["Flatten", ["pixels"], ["f"]],
      ["Gemm", ["f", "head", "bias"], ["logits"]],
    ],
    inputs: { pixels: ["N", 3, 28, 28] },
    outputs: ["logits"],
    weights: [
      wave("head", 2352, 10),
      floatTensor(
        "bias",
        [10],
        Array.from({ length: 10 }, (_, i) => (i ? 1 : Number.NaN)),
      ),
    ],
  });
  const document = graph({ ...pictures(1), model: ["model.onnx", await nodeOf(dir, broken)] }, wires);
  const { events, error } = await runDocument(document, dir);
  expect(error).toBeUndefined();
  expect(events.filter((event) => event.kind === "warning")).toMatchObject([
    { node: "model", message: expect.stringMatching(/^model\.onnx holds NaN in “bias”, so what it gives may be NaN/) },
  ]);
});

describe("in a stream", () => {
  /** Numbers of the model's output, run on 30 pictures in chunks of about `rows`. */
  async function numbersOf(params: (dir: string) => Promise<Record<string, unknown>>, rows: number) {
    const dir = await temporaryFolder();
    const document = graph({ ...pictures(3), model: ["model.onnx", await params(dir)] }, wires);
    const { error, outputs, events } = await runDocument(document, dir, { chunkBytes: rows * 28 * 28 * 3 * 4 });
    expect(error).toBeUndefined();
    const stored = outputs.model?.logits?.value;
    const { data } = (await readAllRows("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
    const told = events.flatMap((event) =>
      event.kind === "node-progress" && event.node === "model" ? event.done : [],
    );
    return { data, told };
  }

  it.each([
    ["as ops", bound(4), {}],
    ["as its file is", bound(4), { runs: "file" }],
    ["as its file is, so many rows at a time as are asked for", meeting, { runs: "file", rows: 4 }],
  ])("a model gets its batch, whatever the chunk: %s", async (_, bytes, params) => {
    const model = async (dir: string) => ({ ...(await nodeOf(dir, bytes)), ...params });
    const whole = await numbersOf(model, 100);
    const chunked = await numbersOf(model, 10); // of which two batches are 8
    expect(chunked.data).toEqual(whole.data);
    expect(chunked.told.at(-1)).toBe(30);
  });
  it("a model whose rows may meet gets all of them", async () => {
    const model = async (dir: string) => ({ ...(await nodeOf(dir, meeting)), runs: "file" });
    expect((await numbersOf(model, 10)).data).toEqual((await numbersOf(model, 100)).data);
  });
});

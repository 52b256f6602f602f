/** Matrices in blocks, from the node to the runtime: what is computed with them is what their numbers would give. */
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { dequantize, type QuantizedTensor, quantizedIn } from "#models/files/quantized";
import { readSafetensors, type StoredTensor, toFloat32, writeSafetensors } from "#models/files/safetensors";
import type { AtLeast } from "#models/onnx/block-products";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { random } from "#models/random";
import { checkpointOf } from "#nodes/core/checkpoint";
import type { Weights } from "#nodes/core/values";
import type { Lowered } from "#nodes/graph/lower";
import { quantize } from "#nodes/weights/quantize";
import { graph, runDocument } from "#tests/kit/graphs";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { type Blobs, openBlobs } from "../storage/blobs";
import { storedModel } from "./model-files";
import type { ParameterSource } from "#nodes/core/parameter-source";
import { parameterValues } from "./parameters";
import { openFiles } from "./sessions";

const [inner, outer, rows] = [256, 64, 5];

const drawn = (name: string, size: number): Float32Array<ArrayBuffer> => {
  const numbers = new Float32Array(size);
  random(0, name).fill(numbers, "normal");
  return numbers;
};

/** A matrix in a checkpoint, and the same in blocks. */
async function quantized(shape: readonly [number, number], params: Record<string, unknown>) {
  const blobs = openBlobs(await temporaryFolder());
  const host = await testHost({ blobs });
  const list = [
    { name: "w", shape, data: drawn("w", shape[0] * shape[1]) },
    { name: "bias", shape: [outer], data: drawn("bias", outer) },
  ];
  const before = { ref: await host.put(writeSafetensors(list)) };
  const { weights } = await runNode(quantize, { weights: before }, { smallest: 1, ...params }, host);
  return { blobs, host, weights, numbers: list[0]?.data as Float32Array };
}

/** Where a checkpoint has the parameters of a graph. */
async function sourcesIn(weights: Weights, blobs: Blobs): Promise<Map<string, ParameterSource>> {
  const checkpoint = await checkpointOf(blobs, weights);
  return new Map<string, ParameterSource>([...checkpoint.tensors, ...quantizedIn(checkpoint)]);
}

async function numbersIn(weights: Weights, blobs: Blobs, name = "w"): Promise<Float32Array<ArrayBuffer>> {
  const { values, scales, ...layout } = quantizedIn(await checkpointOf(blobs, weights)).get(name) as QuantizedTensor;
  const bytes = await blobs.read(values.file, values.start, values.end);
  const factors = await blobs.read(scales.file, scales.start, scales.end);
  return dequantize(bytes, toFloat32({ dtype: "F32", data: factors }), layout);
}

/** x·W + bias for W of [in, out], or of [out, in] turned round; with `also` a row of W itself. */
function productGraph(isTurned: boolean, also = false): Graph {
  const graph = new Graph();
  const op = opsOf(graph);
  const w = graph.parameter("w", isTurned ? [outer, inner] : [inner, outer], { kind: "zeros" });
  const bias = graph.parameter("bias", [outer], { kind: "zeros" });
  const right = isTurned ? op.Transpose(w, { perm: [1, 0] }) : w;
  graph.output("y", op.Add(op.MatMul(graph.input("x", "float32", ["B", rows, inner]), right), bias));
  if (also) graph.output("row", op.Slice(w, { starts: [3], ends: [4], axes: [0] }));
  return graph;
}

const x = { dtype: "float32", shape: [2, rows, inner], data: drawn("x", 2 * rows * inner) } as const;

async function computed(graph: Graph, sources: ReadonlyMap<string, ParameterSource>, blobs: Blobs, atLeast?: AtLeast) {
  const files = storedModel({ graph } as Lowered, sources, blobs, atLeast);
  const session = await openFiles(files, blobs, "cpu");
  const outputs = await session.run({ x });
  await session.release();
  return { outputs, ops: new TextDecoder("latin1").decode(files.model), bytes: files.weightBytes };
}

const distance = (a: Float32Array, b: Float32Array) =>
  Math.sqrt(a.reduce((sum, n, i) => sum + (n - (b[i] as number)) ** 2, 0) / b.reduce((sum, n) => sum + n * n, 0));

const cases = [4, 8].flatMap((bits) =>
  [32, 128].flatMap((block) => [false, true].map((isTurned) => ({ bits, block, isTurned }))),
);

describe.each(cases)("a matrix of int$bits in blocks of $block, turned: $isTurned", ({ bits, block, isTurned }) => {
  const params = { bits: `int${bits}`, block: String(block), layout: isTurned ? "out × in" : "in × out" };
  const shape = isTurned ? ([outer, inner] as const) : ([inner, outer] as const);

  it("gives the product that its numbers give, from its blocks", async () => {
    const { blobs, weights, numbers } = await quantized(shape, params);
    const sources = await sourcesIn(weights, blobs);
    const found = await computed(productGraph(isTurned), sources, blobs);
    expect(found.ops).toContain("MatMulNBits");
    expect(found.bytes).toBe((inner * outer * bits) / 8 + (4 * inner * outer) / block + 4 * outer);
    const floats = await numbersIn(weights, blobs);
    const expected = await computed(productGraph(isTurned), new Map([...sources, ["w", floats]]), blobs);
    expect(expected.ops).not.toContain("MatMulNBits");
    const [y, reference] = [found.outputs.y?.data, expected.outputs.y?.data] as Float32Array[];
    expect(distance(y as Float32Array, reference as Float32Array)).toBeLessThan(0.01);
    // As much as rounding to so many levels of the largest of a block costs.
    expect(distance(floats, numbers)).toBeLessThan(bits === 4 ? 0.12 : 0.008);
  });
  it("is as its numbers are for whatever else reads it", async () => {
    const { blobs, weights } = await quantized(shape, params);
    const { outputs, ops } = await computed(productGraph(isTurned, true), await sourcesIn(weights, blobs), blobs);
    expect(ops).toContain("MatMulNBits");
    const floats = await numbersIn(weights, blobs);
    const width = shape[1];
    const row = outputs.row?.data as Float32Array;
    expect(distance(row, floats.subarray(3 * width, 4 * width))).toBeLessThan(1e-6);
  });
});

it.each([
  [4, 32],
  [8, 32],
  [8, 128],
])("rows of a table of int%i in blocks of %i are taken from its blocks", async (bits, block) => {
  const params = { bits: `int${bits}`, block: String(block), layout: "out × in" };
  const { blobs, weights } = await quantized([outer, inner], params);
  const graph = new Graph();
  const op = opsOf(graph);
  const table = graph.parameter("w", [outer, inner], { kind: "zeros" });
  graph.output("rows", op.Gather(table, graph.constant([3, 0, 63], "int64"), { axis: 0 }));
  graph.output("y", op.MatMul(graph.input("x", "float32", ["B", rows, inner]), op.Transpose(table, { perm: [1, 0] })));
  const { outputs, ops } = await computed(graph, await sourcesIn(weights, blobs), blobs);
  expect(ops).toContain("GatherBlockQuantized");
  expect(ops).not.toContain("#levels");
  const floats = await numbersIn(weights, blobs);
  const wanted = [3, 0, 63].flatMap((row) => [...floats.subarray(row * inner, (row + 1) * inner)]);
  expect(distance(outputs.rows?.data as Float32Array, Float32Array.from(wanted))).toBeLessThan(1e-6);
});

it("a product of many rows with a matrix of 4 bits is one of floats, and one of few of integers", async () => {
  const { blobs, weights } = await quantized([inner, outer], { bits: "int4" });
  const sources = await sourcesIn(weights, blobs);
  const floats = await numbersIn(weights, blobs);
  const expected = await computed(productGraph(false), new Map([...sources, ["w", floats]]), blobs);
  const errorFor = async (atLeast?: AtLeast) => {
    const { outputs, ops } = await computed(productGraph(false), sources, blobs, atLeast);
    expect(ops).toContain("MatMulNBits");
    return distance(outputs.y?.data as Float32Array, expected.outputs.y?.data as Float32Array);
  };
  expect(await errorFor({ B: 7 })).toBeLessThan(1e-6);
  const few: (AtLeast | undefined)[] = [undefined, {}, { B: 6 }];
  for (const one of few) expect(await errorFor(one)).toBeGreaterThan(1e-4);
});

it("products of one value with matrices in blocks are one product, and give what each gives alone", async () => {
  const { blobs, weights } = await quantized([inner, outer], {});
  const sources = await sourcesIn(weights, blobs);
  const graph = new Graph();
  const op = opsOf(graph);
  const input = graph.input("x", "float32", ["B", rows, inner]);
  const matrix = (name: string) => graph.parameter(name, [inner, outer], { kind: "zeros" });
  for (const name of ["w", "v"]) graph.output(name, op.MatMul(input, matrix(name)));
  graph.output("other", op.MatMul(op.Neg(input), matrix("w")));
  const all = new Map([...sources, ["v", sources.get("w") as ParameterSource]]);
  const { outputs, ops } = await computed(graph, all, blobs);
  expect(ops.split("MatMulNBits").length - 1).toBe(2);
  expect(outputs.v?.data).toEqual(outputs.w?.data);
  const alone = await computed(productGraph(false), sources, blobs);
  const bias = readSafetensors(await blobs.get(weights.ref as string)).tensors.get("bias") as StoredTensor;
  const shifts = toFloat32(bias);
  const shifted = (outputs.w?.data as Float32Array).map((n, i) => n + (shifts[i % outer] as number));
  expect(distance(shifted, alone.outputs.y?.data as Float32Array)).toBeLessThan(1e-6);
  const negative = (outputs.other?.data as Float32Array).map((n) => -n);
  expect(distance(negative, outputs.w?.data as Float32Array)).toBeLessThan(0.01);
});

it("an adapter is computed beside a matrix in blocks, which is not made floats for it", async () => {
  const { blobs, weights } = await quantized([inner, outer], {});
  const graph = new Graph();
  const op = opsOf(graph);
  const parameter = (name: string, shape: readonly number[]) => graph.parameter(name, shape, { kind: "zeros" });
  const change = op.MatMul(parameter("a", [inner, 2]), parameter("b", [2, outer]));
  const adapted = op.Add(parameter("w", [inner, outer]), op.Mul(change, graph.constant([0.5])));
  graph.output("y", op.MatMul(graph.input("x", "float32", ["B", rows, inner]), adapted));
  const [a, b] = [drawn("a", inner * 2), drawn("b", 2 * outer)];
  const sources = new Map([...(await sourcesIn(weights, blobs)), ["a", a], ["b", b]] as [string, ParameterSource][]);
  const found = await computed(graph, sources, blobs);
  expect(found.ops).toContain("MatMulNBits");
  expect(found.ops).not.toContain("#levels");
  const floats = await numbersIn(weights, blobs);
  const expected = await computed(graph, new Map([...sources, ["w", floats]]), blobs);
  const [y, reference] = [found.outputs.y?.data, expected.outputs.y?.data] as Float32Array[];
  expect(distance(y as Float32Array, reference as Float32Array)).toBeLessThan(0.01);
});

it("a training reads a matrix in blocks as its numbers", async () => {
  const { blobs, weights } = await quantized([inner, outer], {});
  const graph = productGraph(false);
  const parameters = ["w", "bias"].map((name) => ({
    graphName: name,
    name,
    id: name,
    adapter: false,
    weights: { node: "n", port: "p" },
  }));
  const lowered = { graph, parameters } as never as Lowered;
  const values = await parameterValues(lowered, async () => weights, blobs);
  expect(values.get("w")).toEqual(await numbersIn(weights, blobs));
  expect(weights.frozen).toEqual(["w"]);
});

it("a model that does not fit is refused with what would make it fit", async () => {
  const nodes = {
    data: ["data.mnist", { limit: 1, split: "test" }],
    resize: ["image.resize", { width: 16, height: 16 }],
    normalize: ["image.normalize"],
    vision: ["model.vision-transformer", { patch: 8, width: 64, layers: 1, heads: 2 }],
  } as Parameters<typeof graph>[0];
  const wires = ["data.image -> resize.image", "resize.image -> normalize.image", "normalize.pixels -> vision.pixels"];
  const refusal = async (memory: string) => {
    vi.stubEnv("PATCHBAY_MEMORY", memory);
    const { error } = await runDocument(graph(nodes, wires), await temporaryFolder());
    return `${error?.message} ${error?.hint}`;
  };
  expect(await refusal("100 KiB")).toMatch(
    /^The weights of .*Vision transformer take 2\d\d\.\d KiB, and runs may hold 100.0 KiB. Quantize the weights \(about \d\d\.\d KiB as int8; half/,
  );
  expect(await refusal("50 KiB")).toContain("KiB as int4");
  expect(await refusal("20 KiB")).toContain("Even quantized they would not fit (about");
});

it("a model whose fresh weights do not fit is refused before they are drawn", async () => {
  const nodes = {
    corpus: ["text.input", { text: "a red boat" }],
    tokenizer: ["text.train-tokenizer"],
    tokens: ["text.tokenize"],
    bert: ["model.bert", { layers: 64, width: 4096, heads: 64, vocabulary: 1_000_000, mlpRatio: 8 }],
  } as Parameters<typeof graph>[0];
  const wires = [
    "corpus.text -> tokenizer.text",
    "corpus.text -> tokens.text",
    "tokenizer.tokenizer -> tokens.tokenizer",
    "tokens.ids -> bert.ids",
  ];
  const before = process.memoryUsage().arrayBuffers;
  vi.stubEnv("PATCHBAY_MEMORY", "1 GiB");
  const { error } = await runDocument(graph(nodes, wires), await temporaryFolder());
  expect(error?.message).toBe("The weights of BERT take 95.3 GiB, and runs may hold 1.0 GiB.");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 30);
});

it("adapters train on top of a matrix in blocks, which stays as it is", async () => {
  const dir = await temporaryFolder();
  const blobs = openBlobs(join(dir, "blobs"));
  const matrix = { name: "projection.proj.weight", shape: [64, 10], data: drawn("head", 640).map((x) => x / 8) };
  const nodes = {
    data: ["data.mnist", { limit: 16 }],
    resize: ["image.resize", { width: 16, height: 16 }],
    normalize: ["image.normalize"],
    vision: ["model.vision-transformer", { patch: 8, width: 64, layers: 1, heads: 2 }],
    still: ["weights.make"],
    freeze: ["weights.freeze"],
    labels: ["text.label-ids"],
    load: ["weights.load", { source: "upload", file: { ref: await blobs.put(writeSafetensors([matrix])) } }],
    quantize: ["weights.quantize", { smallest: 1 }],
    lora: ["weights.lora", { rank: 2, targets: "*proj.weight" }],
    head: ["model.projector", { width: 10 }],
    loss: ["loss.cross-entropy"],
    trainer: ["train.trainer", { steps: 4, batch: 8, warmup: 0, lr: 0.1 }],
  } as Parameters<typeof graph>[0];
  const { outputs, error } = await runDocument(
    graph(nodes, [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "still.weights -> freeze.weights",
      "freeze.weights -> vision.weights",
      "load.weights -> quantize.weights",
      "quantize.weights -> lora.weights",
      "lora.weights -> head.weights",
      "vision.features -> head.features",
      "data.label -> labels.text",
      "head.embedding -> loss.logits",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ]),
    dir,
    { targets: ["trainer"] },
  );
  expect(error).toBeUndefined();
  const quantizedTo = outputs.quantize?.weights?.value as Weights;
  const before = await numbersIn(quantizedTo, blobs, matrix.name);
  const trained = outputs.trainer?.weights?.value as Weights;
  const { tensors } = readSafetensors(await blobs.get(trained.ref as string));
  expect(toFloat32(tensors.get(matrix.name) as StoredTensor)).toEqual(before);
  expect(toFloat32(tensors.get(`${matrix.name}.lora_B`) as StoredTensor).some((x) => x !== 0)).toBe(true);
});

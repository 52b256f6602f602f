import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { numbers, runGraph } from "#tests/kit/check-op";
import { checkImport, imported, type NodeSpec, onnxFile, startOf, wave } from "#tests/kit/onnx-file";
import { gradients } from "../differentiate";
import type { Value } from "../graph";
import { opsOf } from "../ops/index";

interface Expected {
  output: number[];
  gradients: Record<string, number[]>;
  /** Running statistics after one batch. */
  statistics: Record<string, number[]>;
}
const fixture = (name: string) => ({
  bytes: new Uint8Array(readFileSync(`tests/fixtures/onnx/${name}.onnx`)),
  expected: JSON.parse(readFileSync(`tests/fixtures/onnx/${name}.json`, "utf8")) as Expected,
});
const picture = new ort.Tensor(
  "float32",
  Float32Array.from({ length: 864 }, (_, i) => Math.sin(i * 0.37)),
  [2, 3, 12, 12],
);
const ids = new ort.Tensor("int64", BigInt64Array.from([5, 9, 2, 29, 0, 0, 0, 7, 7, 1, 3, 12, 4, 29], BigInt), [2, 7]);

/**
 * Relative to the largest number; a gradient that is zero but for rounding, of a bias before a batch normalization, is
 * compared as it is.
 */
const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number)))) / Math.max(0.01, ...b.map(Math.abs));

// Files and numbers are PyTorch 2.15's, made by tests/fixtures/onnx/make.py.
describe.each([
  ["convolutions", { x: picture }, { x: ["B", 3, 12, 12] }, { B: [1, 3] }],
  ["text", { ids }, { ids: ["B", "T"] }, { B: [1, 3], T: [7, 4] }],
] as const)("a model that PyTorch exported: %s", (name, feeds, shapes, sizes) => {
  const { bytes, expected } = fixture(name);
  it("runs as the file does, with any batch and length", async () => {
    await checkImport(bytes, shapes, sizes, 30);
  });
  it("trains with PyTorch's gradients, and moves running statistics as PyTorch does", async () => {
    const { graph, outputs } = await imported(
      bytes,
      Object.fromEntries(Object.entries(feeds).map(([key, tensor]) => [key, tensor.dims])),
      true,
    );
    const op = opsOf(graph);
    const y = outputs.y as Value;
    const slopes = graph.constant(
      expected.output.map((_, i) => Math.sin(i + 1)),
      "float32",
      y.shape,
    );
    const loss = op.ReduceSum(op.Mul(y, slopes), { keepdims: 0 });
    const trained = graph.parameters.filter((p) => !p.buffer);
    const buffers = graph.parameters.filter((p) => p.buffer);
    expect(trained.map((p) => p.name).sort()).toEqual(Object.keys(expected.gradients).sort());
    for (const [key, d] of gradients(
      graph,
      loss,
      trained.map((p) => p.value),
    ))
      graph.output(`d ${key}`, d);
    for (const { name: key } of buffers) graph.output(`next ${key}`, graph.updates.get(key) as Value);
    const start = Object.fromEntries(
      graph.parameters.map((p) => [
        p.name,
        new ort.Tensor("float32", startOf(graph, p.name), p.value.shape as number[]),
      ]),
    );
    const result = await runGraph(graph, { ...feeds, ...start });
    expect(apart(numbers(result.y), expected.output)).toBeLessThan(1e-5);
    for (const [key, d] of Object.entries(expected.gradients))
      expect(apart(numbers(result[`d ${key}`]), d), key).toBeLessThan(1e-4);
    expect(buffers.map((p) => p.name)).toEqual(Object.keys(expected.statistics));
    for (const [key, next] of Object.entries(expected.statistics))
      expect(apart(numbers(result[`next ${key}`]), next), key).toBeLessThan(1e-5);
  });
});

it("batch statistics that a file computes itself are no running ones: training leaves them alone", async () => {
  const nodes: NodeSpec[] = [
    ["Abs", ["w"], ["v"]],
    ["BatchNormalization", ["x", "s", "b", "m", "v"], ["y"]],
  ];
  const { graph } = await imported(
    onnxFile({
      nodes,
      inputs: { x: ["B", 3, 2] },
      outputs: ["y"],
      weights: [wave("s", 3), wave("b", 3), wave("m", 3), wave("w", 3)],
    }),
    { x: [4, 3, 2] },
    true,
  );
  expect([graph.updates.size, graph.nodes.map((n) => n.op)]).toEqual([0, ["Abs", "BatchNormalization"]]);
});

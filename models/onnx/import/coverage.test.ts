import { describe, expect, it } from "vitest";
import { type FileSpec, floatTensor, imported, intTensor, onnxFile } from "#tests/kit/onnx-file";
import { reached } from "../differentiate";
import { gradientOf } from "../gradients/index";
import { opTable } from "../ops/index";
import { coverage } from "./coverage";
import { importableOps } from "./translate";

const known = new Map(coverage().map((entry) => [entry.op, entry]));

/** A file that holds the op on data, with an output `y`; what else it needs is plain. */
const samples: Record<string, Partial<FileSpec> & Pick<FileSpec, "nodes">> = {
  Acosh: { nodes: [["Acosh", ["x"], ["y"]]] },
  Asinh: { nodes: [["Asinh", ["x"], ["y"]]] },
  Atanh: { nodes: [["Atanh", ["x"], ["y"]]] },
  Compress: { nodes: [["Compress", ["x", "chosen"], ["y"]]], weights: [intTensor("chosen", [1, 0])] },
  GlobalLpPool: { nodes: [["GlobalLpPool", ["x"], ["y"]]], inputs: { x: ["B", 2, 3] } },
  Hardmax: { nodes: [["Hardmax", ["x"], ["y"]]] },
  LRN: { nodes: [["LRN", ["x"], ["y"], { size: 3 }]], inputs: { x: ["B", 4, 3] } },
  LpPool: { nodes: [["LpPool", ["x"], ["y"], { kernel_shape: [2] }]], inputs: { x: ["B", 2, 3] } },
  MeanVarianceNormalization: { nodes: [["MeanVarianceNormalization", ["x"], ["y"], { axes: [1] }]] },
  NegativeLogLikelihoodLoss: {
    nodes: [["NegativeLogLikelihoodLoss", ["x", "t"], ["y"]]],
    inputs: { x: ["B", 4], t: { type: 7, shape: ["B"] } },
  },
  Scatter: {
    nodes: [["Scatter", ["x", "at", "x"], ["y"], { axis: 1 }]],
    inputs: { x: [1, 2] },
    weights: [intTensor("at", [1, 0], [1, 2])],
  },
  Shrink: { nodes: [["Shrink", ["x"], ["y"]]] },
  SoftmaxCrossEntropyLoss: {
    nodes: [["SoftmaxCrossEntropyLoss", ["x", "t"], ["y"]]],
    inputs: { x: ["B", 4], t: { type: 7, shape: ["B"] } },
  },
  Upsample: { nodes: [["Upsample", ["x", "by"], ["y"]]], weights: [floatTensor("by", [2], [1, 2])] },
  CastLike: { nodes: [["CastLike", ["x", "like"], ["y"]]], inputs: { x: ["B", 4], like: { type: 7, shape: [1] } } },
  Constant: { nodes: [["Constant", [], ["y"], { value: floatTensor("", [2], [1, 2]) }]] },
  ConstantOfShape: {
    nodes: [
      ["Shape", ["x"], ["size"]],
      ["ConstantOfShape", ["size"], ["y"]],
    ],
  },
  Flatten: { nodes: [["Flatten", ["x"], ["y"]]], inputs: { x: ["B", 2, 3] } },
  Mean: { nodes: [["Mean", ["x", "x"], ["y"]]] },
  Range: {
    nodes: [
      ["Size", ["x"], ["end"]],
      ["Range", ["start", "end", "step"], ["y"]],
    ],
    weights: [intTensor("start", [0], []), intTensor("step", [1], [])],
  },
  Shape: { nodes: [["Shape", ["x"], ["y"]]], inputs: { x: [3, 4] } },
  Size: { nodes: [["Size", ["x"], ["y"]]], inputs: { x: [3, 4] } },
  Split: { nodes: [["Split", ["x"], ["y", "z"], { axis: 1 }]], outputs: ["y", "z"] },
  Squeeze: { nodes: [["Squeeze", ["x"], ["y"]]], inputs: { x: ["B", 1, 4] } },
  Sum: { nodes: [["Sum", ["x", "x"], ["y"]]] },
  Unsqueeze: { nodes: [["Unsqueeze", ["x", "axes"], ["y"]]], weights: [intTensor("axes", [0])] },
};

describe("the list of ops", () => {
  it("has every op that can be imported, and every op of ours", () => {
    expect([...known.keys()]).toEqual(expect.arrayContaining([...importableOps(), ...Object.keys(opTable)]));
  });
  it("says of ours what the tables say", () => {
    for (const op of Object.keys(opTable)) expect(known.get(op)?.gradient).toBe(gradientOf(op));
  });
  const translated = importableOps().filter((op) => !Object.hasOwn(opTable, op));
  it("knows what no table of ours has", () => expect(translated).toContain("Split"));
  it.each(translated)("says of %s what a file of it becomes", async (op) => {
    const {
      nodes,
      inputs = { x: ["B", 4] },
      outputs = ["y"],
      weights,
    } = samples[op] ?? expect.fail(`no file of ${op}`);
    const shapes = Object.fromEntries(
      Object.entries(inputs).map(([name, port]) => [name, "type" in port ? port.shape : port]),
    );
    const { graph, outputs: values } = await imported(onnxFile({ nodes, inputs, outputs, weights }), shapes);
    const { written, gradient } = known.get(op) ?? expect.fail(`${op} is not listed`);
    expect(new Set(graph.nodes.map((node) => node.op))).toEqual(new Set(written));
    expect(reached(graph, Object.values(values)).has("x")).toBe(gradient === "rule");
  });
});

import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { numbers } from "#tests/kit/check-op";
import {
  type FileSpec,
  floatTensor,
  imported,
  intTensor,
  type NodeSpec,
  onnxFile,
  runFile,
  startOf,
  wave,
} from "#tests/kit/onnx-file";
import { toModel } from "../proto";
import { freed } from "./batch";
import { sourceOf } from "./fields";
import { readModel } from "./read";
import { isImportable } from "./translate";

/** A file that was exported for a batch of `n`, with an input `x`, and an output `y` if it does not say. */
interface Kind {
  shape: (n: number) => number[];
  nodes: NodeSpec[];
  weights?: (n: number) => FileSpec["weights"];
}
const list = (name: string, ...sizes: number[]) => intTensor(name, sizes);

/**
 * A class token is put before patches, as exporters write torch's expand for a fixed batch: not at all for a batch of
 * one.
 */
const classToken = (n: number): Kind => ({
  shape: (rows) => [rows, 3, 4, 4],
  nodes: [
    ["Conv", ["x", "patch"], ["c"], { strides: [2, 2], kernel_shape: [2, 2] }],
    ["Reshape", ["c", "flat"], ["f"]],
    ["Transpose", ["f"], ["p"], { perm: [0, 2, 1] }],
    ...(n === 1 ? [] : ([["Expand", ["token", "tokens"], ["t"]]] satisfies NodeSpec[])),
    ["Concat", [n === 1 ? "token" : "t", "p"], ["a"], { axis: 1 }],
    ["Add", ["a", "positions"], ["e"]],
    ["Gather", ["e", "first"], ["y"], { axis: 1 }],
  ],
  weights: (rows) => [
    wave("patch", 6, 3, 2, 2),
    list("flat", rows, 6, 4),
    wave("token", 1, 1, 6),
    list("tokens", rows, 1, 6),
    wave("positions", 1, 5, 6),
    intTensor("first", [0], []),
  ],
});

const reshaped = (target: (n: number) => number[], shape = [3, 4, 4]): Kind => ({
  shape: (n) => [n, ...shape],
  nodes: [
    ["Relu", ["x"], ["r"]],
    ["Reshape", ["r", "to"], ["y"]],
  ],
  weights: (n) => [list("to", ...target(n))],
});

const kinds: Record<string, (n: number) => Kind> = {
  "no size at all": () => ({ shape: (n) => [n, 3, 4], nodes: [["Softmax", ["x"], ["y"], { axis: -1 }]] }),
  "a Reshape to rows": () => reshaped((n) => [n, 48]),
  "a Reshape whose rest is left open": () => reshaped((n) => [n, -1]),
  "a Reshape whose batch is left open": () => reshaped(() => [-1, 48]),
  "a Reshape that copies a size": () => reshaped((n) => [n, 0, 16]),
  "a Reshape where another size is the same number": (n) => reshaped(() => [n, n, -1], [3, n, 4]),
  "a Reshape to heads": () => reshaped((n) => [n, 2, 6, 4]),
  "a Reshape to a leading axis of one": () => ({
    ...reshaped((n) => [n, 1, 48]),
    nodes: [
      ["Reshape", ["x", "to"], ["r"]],
      ["Squeeze", ["r", "one"], ["y"]],
    ],
    weights: (n) => [list("to", n, 1, 48), list("one", 1)],
  }),
  "windows, which are joined to the batch": () => ({
    shape: (n) => [n, 4, 6],
    nodes: [
      ["Reshape", ["x", "windows"], ["w"]],
      ["Softmax", ["w"], ["s"], { axis: 1 }],
      ["Reshape", ["s", "back"], ["y"]],
    ],
    weights: (n) => [list("windows", 2 * n, 2, 6), list("back", n, 4, 6)],
  }),
  "a class token": classToken,
  "positions made for the batch": () => ({
    shape: (n) => [n, 4, 6],
    nodes: [
      ["ConstantOfShape", ["size"], ["c"], { value: floatTensor("", [1], [0.5]) }],
      ["Concat", ["x", "c"], ["y"], { axis: 1 }],
    ],
    weights: (n) => [list("size", n, 2, 6)],
  }),
  "a Resize to sizes": () => ({
    shape: (n) => [n, 2, 4, 4],
    nodes: [["Resize", ["x", "", "", "sizes"], ["y"], { mode: "linear" }]],
    weights: (n) => [list("sizes", n, 2, 7, 5)],
  }),
};

/** Attention as torch.nn.MultiheadAttention is exported: the sequence first, heads joined to the batch. */
const sequenceFirst: Kind = {
  shape: (n) => [n, 5, 6],
  nodes: [
    ["Transpose", ["x"], ["s"], { perm: [1, 0, 2] }],
    ["Reshape", ["s", "heads"], ["h"]],
    ["Transpose", ["h"], ["q"], { perm: [1, 0, 2] }],
    ["Transpose", ["q"], ["k"], { perm: [0, 2, 1] }],
    ["MatMul", ["q", "k"], ["m"]],
    ["Softmax", ["m"], ["p"], { axis: -1 }],
    ["MatMul", ["p", "q"], ["o"]],
    ["Transpose", ["o"], ["b"], { perm: [1, 0, 2] }],
    ["Reshape", ["b", "rows"], ["r"]],
    ["MatMul", ["r", "w"], ["l"]],
    ["Reshape", ["l", "whole"], ["t"]],
    ["Transpose", ["t"], ["y"], { perm: [1, 0, 2] }],
  ],
  weights: (n) => [list("heads", 5, 2 * n, 3), list("rows", 5 * n, 6), list("whole", 5, n, 6), wave("w", 6, 6)],
};

const fileOf = ({ shape, nodes, weights }: Kind, n: number): Uint8Array =>
  onnxFile({ nodes, inputs: { x: shape(n) }, outputs: ["y"], weights: weights?.(n) });
const isFree = async (kind: Kind, n: number): Promise<boolean> =>
  freed(await readModel(sourceOf(fileOf(kind, n)), isImportable)).baked !== undefined;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const rowsFrom = (first: number, shape: readonly number[]): ort.Tensor => {
  const start = first * sizeOf(shape.slice(1));
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin((i + start) * 0.7));
  return new ort.Tensor("float32", data, shape);
};

describe("a model that was exported for one batch", () => {
  for (const [name, kindOf] of Object.entries(kinds)) {
    it.each([
      [1, 3],
      [2, 4],
      [4, 8],
      [3, 1],
    ])(`takes any: ${name}, %i in the file and %i come`, async (n, rows) => {
      const kind = kindOf(n);
      const bytes = fileOf(kind, n);
      expect(await isFree(kind, n)).toBe(true);
      const whole = Math.max(n, rows);
      const expected: number[] = [];
      for (let first = 0; first < whole; first += n)
        expected.push(...numbers((await runFile(bytes, { x: rowsFrom(first, kind.shape(n)) })).y));
      const [, ...rest] = kind.shape(n);
      for (const shape of [
        ["B", ...rest],
        [rows, ...rest],
      ]) {
        const { graph, outputs } = await imported(bytes, { x: shape });
        expect(outputs.y?.shape[0]).toBe(shape[0]);
        const model = toModel(graph, { parameters: "initializers", values: (weight) => startOf(graph, weight) });
        const y = numbers((await runFile(model, { x: rowsFrom(0, [rows, ...rest]) })).y);
        const wanted = expected.slice(0, (expected.length / whole) * rows);
        expect(y).toHaveLength(wanted.length);
        for (const [i, number] of y.entries()) expect(number).toBeCloseTo(wanted[i] as number, 4);
      }
    });
  }

  const met: Record<string, Kind> = {
    "rows become another axis": {
      shape: (n) => [n, 3, 4],
      nodes: [
        ["Transpose", ["x"], ["t"], { perm: [1, 0, 2] }],
        ["Reshape", ["t", "to"], ["y"]],
      ],
      weights: (n) => [list("to", 3, 4 * n)],
    },
    "rows are compared with each other": {
      shape: (n) => [n, 3, 4],
      nodes: [
        ["Reshape", ["x", "to"], ["r"]],
        ["Transpose", ["r"], ["t"], { perm: [1, 0] }],
        ["MatMul", ["r", "t"], ["y"]],
      ],
      weights: (n) => [list("to", n, 12)],
    },
    "a weight has a row for each": {
      shape: (n) => [n, 3],
      nodes: [["Add", ["x", "w"], ["y"]]],
      weights: (n) => [wave("w", n, 3)],
    },
    "rows lie between other sizes": sequenceFirst,
    "rows are averaged": {
      shape: (n) => [n, 3, 4],
      nodes: [
        ["Reshape", ["x", "to"], ["r"]],
        ["ReduceMean", ["r"], ["m"], { axes: [0], keepdims: 1 }],
        ["Sub", ["r", "m"], ["y"]],
      ],
      weights: (n) => [list("to", n, 12)],
    },
  };
  it.each(Object.keys(met))("takes no other where %s", async (name) => {
    expect(await isFree(met[name] as Kind, 4)).toBe(false);
    const { graph } = await imported(fileOf(met[name] as Kind, 4), { x: (met[name] as Kind).shape(4) });
    expect(graph.outputs.size).toBe(1);
  });
  it("leaves a model with a free batch as it is", async () => {
    const bytes = onnxFile({ nodes: [["Relu", ["x"], ["y"]]], inputs: { x: ["N", 3] }, outputs: ["y"] });
    const model = await readModel(sourceOf(bytes), isImportable);
    expect(freed(model)).toBe(model);
  });
});

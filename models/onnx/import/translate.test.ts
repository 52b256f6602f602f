import { describe, expect, it } from "vitest";
import {
  checkImport,
  floatTensor,
  imported,
  type FileSpec,
  intTensor,
  type NodeSpec,
  onnxFile,
  wave,
} from "#tests/kit/onnx-file";

/** A file of one op on `x`. */
const one = (
  node: NodeSpec,
  shape: readonly (number | string)[] = ["B", 3, 4],
  rest: Partial<FileSpec> = {},
): [FileSpec, Record<string, readonly (number | string)[]>] => [
  { nodes: [node], inputs: { x: shape }, outputs: ["y"], ...rest },
  { x: shape },
];
const image = ["B", 4, 7, 6] as const;

/** Each op in the forms that exporters write today; those of older and newer opsets are in opsets.test.ts. */
const cases: Record<string, [FileSpec, Record<string, readonly (number | string)[]>]> = {
  "ReduceMean with axes as attribute": one(["ReduceMean", ["x"], ["y"], { axes: [1], keepdims: 0 }]),
  "ReduceMean with axes as input": one(["ReduceMean", ["x", "axes"], ["y"]], undefined, {
    opset: 18,
    weights: [intTensor("axes", [-1])],
  }),
  "ReduceSum over all": one(["ReduceSum", ["x"], ["y"], { keepdims: 0 }]),
  "ReduceSum over nothing": one(["ReduceSum", ["x"], ["y"], { noop_with_empty_axes: 1 }]),
  "Reshape with 0 and −1": one(["Reshape", ["x", "to"], ["y"]], undefined, { weights: [intTensor("to", [0, -1])] }),
  "Reshape of the batch": one(["Reshape", ["x", "to"], ["y"]], undefined, { weights: [intTensor("to", [-1, 4])] }),
  Flatten: one(["Flatten", ["x"], ["y"]]),
  "Flatten from a negative axis": one(["Flatten", ["x"], ["y"], { axis: -1 }]),
  "Squeeze and Unsqueeze": one(["Squeeze", ["u", "axes"], ["y"]], ["B", 1, 3], {
    nodes: [
      ["Unsqueeze", ["x", "new"], ["u"]],
      ["Squeeze", ["u", "axes"], ["y"]],
    ],
    weights: [intTensor("new", [0, -1]), intTensor("axes", [2])],
  }),
  "Squeeze of all": one(["Squeeze", ["x"], ["y"]], ["B", 1, 3, 1]),
  "Split in equal parts": one(["Split", ["x"], ["y", "z"], { axis: 2 }], undefined, { outputs: ["y", "z"] }),
  "Split by sizes": one(["Split", ["x", "sizes"], ["y", "z"], { axis: -1 }], undefined, {
    outputs: ["y", "z"],
    weights: [intTensor("sizes", [1, 3])],
  }),
  "Slice with a step": one(["Slice", ["x", "starts", "ends", "axes", "steps"], ["y"]], undefined, {
    weights: [
      intTensor("starts", [1, 0]),
      intTensor("ends", [Number.MAX_SAFE_INTEGER, -1]),
      intTensor("axes", [1, 2]),
      intTensor("steps", [1, 2]),
    ],
  }),
  "Transpose without a permutation": one(["Transpose", ["x"], ["y"]]),
  "Concat along a negative axis": one(["Concat", ["x", "x"], ["y"], { axis: -1 }]),
  "Expand with a size of 1": one(["Expand", ["x", "to"], ["y"]], ["B", 1, 4], {
    weights: [intTensor("to", [1, 3, 1])],
  }),
  Tile: one(["Tile", ["x", "repeats"], ["y"]], undefined, { weights: [intTensor("repeats", [2, 1, 3])] }),
  "Pad of some axes": one(["Pad", ["x", "pads", "", "axes"], ["y"]], undefined, {
    opset: 18,
    weights: [intTensor("pads", [1, 0, 0, 2]), intTensor("axes", [1, 2])],
  }),
  "Gather of one": one(["Gather", ["x", "at"], ["y"], { axis: 1 }], undefined, {
    weights: [intTensor("at", [-1], [])],
  }),
  "Gather of rows": one(["Gather", ["table", "x"], ["y"]], ["B", 3], {
    inputs: { x: { type: 7, shape: ["B", 3] } },
    weights: [wave("table", 5, 2)],
  }),
  "Clip between bounds": one(["Clip", ["x", "low", "high"], ["y"]], undefined, {
    weights: [floatTensor("low", [], [-0.3]), floatTensor("high", [], [0.4])],
  }),
  "Clip from below": one(["Clip", ["x", "low"], ["y"]], undefined, { weights: [floatTensor("low", [], [-0.3])] }),
  "Clip from above": one(["Clip", ["x", "", "high"], ["y"]], undefined, { weights: [floatTensor("high", [], [0.4])] }),
  "Sum, Mean, Min and Max of many": one(["Max", ["s", "m", "n", "x"], ["y"]], undefined, {
    nodes: [
      ["Sum", ["x", "w", "x"], ["s"]],
      ["Mean", ["x", "w", "s"], ["m"]],
      ["Min", ["x", "w", "m"], ["n"]],
      ["Max", ["s", "m", "n", "x"], ["y"]],
    ],
    weights: [wave("w", 3, 4)],
  }),
  "Min of three known numbers": one(["Mul", ["x", "f"], ["y"]], undefined, {
    nodes: [
      ["Min", ["a", "b", "c"], ["m"]],
      ["Cast", ["m"], ["f"], { to: 1 }],
      ["Mul", ["x", "f"], ["y"]],
    ],
    weights: [intTensor("a", [5]), intTensor("b", [7]), intTensor("c", [3])],
  }),
  "EyeLike of another type": one(["MatMul", ["x", "f"], ["y"]], ["B", 4, 4], {
    nodes: [
      ["EyeLike", ["w"], ["e"], { dtype: 7, k: 1 }],
      ["Cast", ["e"], ["f"], { to: 1 }],
      ["MatMul", ["x", "f"], ["y"]],
    ],
    weights: [wave("w", 4, 4)],
  }),
  "Min of one": one(["Min", ["x"], ["y"]]),
  "Pow with an integer": one(["Pow", ["x", "two"], ["y"]], undefined, { weights: [intTensor("two", [2], [])] }),
  "Where and comparisons": one(["Where", ["c", "x", "w"], ["y"]], undefined, {
    nodes: [
      ["Less", ["x", "w"], ["c"]],
      ["Where", ["c", "x", "w"], ["y"]],
    ],
    weights: [wave("w", 3, 4)],
  }),
  "Cast to integer and back": one(["Cast", ["i"], ["y"], { to: 1 }], undefined, {
    nodes: [
      ["Mul", ["x", "w"], ["m"]],
      ["Cast", ["m"], ["i"], { to: 6 }],
      ["Cast", ["i"], ["y"], { to: 1 }],
    ],
    weights: [floatTensor("w", [], [5])],
  }),
  "Identity and Dropout": one(["Dropout", ["i", "rate"], ["y"]], undefined, {
    nodes: [
      ["Identity", ["x"], ["i"]],
      ["Dropout", ["i", "rate"], ["d"]],
      ["Mul", ["d", "d"], ["y"]],
    ],
    weights: [floatTensor("rate", [], [0.5])],
  }),
  "Constants of every kind": one(["Mul", ["b", "c"], ["y"]], undefined, {
    nodes: [
      ["Constant", [], ["f"], { value_float: { float: 0.5 } }],
      ["Constant", [], ["t"], { value: wave("", 4) }],
      ["Add", ["x", "f"], ["a"]],
      ["Add", ["a", "t"], ["b"]],
      ["Constant", [], ["i"], { value_int: 3 }],
      ["Cast", ["i"], ["c"], { to: 1 }],
      ["Mul", ["b", "c"], ["y"]],
    ],
  }),
  "Relu of integers": one(["Cast", ["r"], ["y"], { to: 1 }], undefined, {
    nodes: [
      ["Mul", ["x", "five"], ["m"]],
      ["Cast", ["m"], ["i"], { to: 6 }],
      ["Relu", ["i"], ["r"]],
      ["Cast", ["r"], ["y"], { to: 1 }],
    ],
    weights: [floatTensor("five", [], [5])],
  }),
  ArgMin: one(["Cast", ["a"], ["y"], { to: 1 }], undefined, {
    nodes: [
      ["ArgMin", ["x"], ["a"], { axis: 2, keepdims: 0 }],
      ["Cast", ["a"], ["y"], { to: 1 }],
    ],
  }),
  "MatMul with a vector": one(["MatMul", ["x", "w"], ["y"]], undefined, { weights: [wave("w", 4)] }),
  "MatMul of a vector": one(["MatMul", ["w", "x"], ["y"]], undefined, { weights: [wave("w", 3)] }),
  "Gemm without a third input": one(["Gemm", ["x", "w"], ["y"], { transB: 1, alpha: { float: 0.5 } }], ["B", 4], {
    weights: [wave("w", 3, 4)],
  }),
  "Gemm with one": one(["Gemm", ["x", "w", "b"], ["y"], { beta: { float: 2 } }], ["B", 4], {
    weights: [wave("w", 4, 3), wave("b", 3)],
  }),
  "Conv with strides, groups and paddings": one(
    ["Conv", ["x", "w", "b"], ["y"], { strides: [2, 1], pads: [1, 0, 2, 1], group: 2, kernel_shape: [3, 3] }],
    image,
    { weights: [wave("w", 6, 2, 3, 3), wave("b", 6)] },
  ),
  "Conv padded by the runtime": one(["Conv", ["x", "w"], ["y"], { strides: [2, 2], auto_pad: "SAME_UPPER" }], image, {
    weights: [wave("w", 2, 4, 3, 3)],
  }),
  "Conv padded the other way": one(["Conv", ["x", "w"], ["y"], { strides: [2, 2], auto_pad: "SAME_LOWER" }], image, {
    weights: [wave("w", 2, 4, 3, 3)],
  }),
  ConvTranspose: one(
    ["ConvTranspose", ["x", "w"], ["y"], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0] }],
    image,
    { weights: [wave("w", 4, 2, 3, 3)] },
  ),
  "AveragePool and MaxPool": one(["MaxPool", ["a"], ["y"], { kernel_shape: [2, 2], auto_pad: "VALID" }], image, {
    nodes: [
      ["AveragePool", ["x"], ["a"], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }],
      ["MaxPool", ["a"], ["y"], { kernel_shape: [2, 2], auto_pad: "VALID" }],
    ],
  }),
  "GlobalAveragePool and GlobalMaxPool": one(["Add", ["a", "m"], ["y"]], image, {
    nodes: [
      ["GlobalAveragePool", ["x"], ["a"]],
      ["GlobalMaxPool", ["x"], ["m"]],
      ["Add", ["a", "m"], ["y"]],
    ],
  }),
  BatchNormalization: one(
    ["BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], { epsilon: { float: 0.01 } }],
    image,
    { weights: [wave("s", 4), wave("b", 4), wave("m", 4), floatTensor("v", [4], [1, 2, 0.5, 3])] },
  ),
  "LayerNormalization without bias": one(["LayerNormalization", ["x", "s"], ["y"], { axis: -1 }], undefined, {
    weights: [wave("s", 4)],
  }),
  "BatchNormalization with statistics that are computed": one(
    ["BatchNormalization", ["x", "s", "b", "m", "v"], ["y"]],
    image,
    {
      nodes: [
        ["Abs", ["w"], ["v"]],
        ["BatchNormalization", ["x", "s", "b", "m", "v"], ["y"]],
      ],
      weights: [wave("s", 4), wave("b", 4), wave("m", 4), wave("w", 4)],
    },
  ),
  "GroupNormalization by group": one(["GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }], image, {
    opset: 18,
    weights: [wave("s", 2), wave("b", 2)],
  }),
  "GroupNormalization by channel": one(["GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }], image, {
    opset: 21,
    weights: [wave("s", 4), wave("b", 4)],
  }),
  InstanceNormalization: one(["InstanceNormalization", ["x", "s", "b"], ["y"]], image, {
    weights: [wave("s", 4), wave("b", 4)],
  }),
  "pools whose last window reaches over the end": one(
    ["AveragePool", ["m"], ["y"], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
    image,
    {
      nodes: [
        ["MaxPool", ["x"], ["m"], { kernel_shape: [2, 2], ceil_mode: 1, dilations: [1, 2] }],
        ["AveragePool", ["m"], ["y"], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
      ],
    },
  ),
  "Resize to sizes that hold the batch": one(["Resize", ["x", "", "", "sizes"], ["y"], { mode: "linear" }], image, {
    nodes: [
      ["Shape", ["x"], ["s"], { end: 2 }],
      ["Concat", ["s", "to"], ["sizes"], { axis: 0 }],
      ["Resize", ["x", "", "", "sizes"], ["y"], { mode: "linear" }],
    ],
    weights: [intTensor("to", [14, 9])],
  }),
  "Resize by scales": one(
    [
      "Resize",
      ["x", "", "scales"],
      ["y"],
      { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    ],
    image,
    { weights: [floatTensor("scales", [4], [1, 1, 2, 2])] },
  ),
  "Resize of some axes": one(
    ["Resize", ["x", "", "", "sizes"], ["y"], { mode: "cubic", cubic_coeff_a: { float: -0.5 }, axes: [2, 3] }],
    image,
    { opset: 18, weights: [intTensor("sizes", [10, 6])] },
  ),
  "Pad with a number": one(["Pad", ["x", "pads", "filler"], ["y"]], undefined, {
    weights: [intTensor("pads", [0, 1, 0, 0, 0, 2]), floatTensor("filler", [], [3])],
  }),
  "Pad by mirroring": one(["Pad", ["x", "pads"], ["y"], { mode: "reflect" }], undefined, {
    weights: [intTensor("pads", [0, 1, 2, 0, 1, 0])],
  }),
  OneHot: one(["OneHot", ["x", "depth", "values"], ["y"]], ["B", 3], {
    inputs: { x: { type: 7, shape: ["B", 3] } },
    weights: [intTensor("depth", [5]), floatTensor("values", [2], [0, 1])],
  }),
  "TopK and CumSum": one(["CumSum", ["t", "axis"], ["y"]], undefined, {
    nodes: [
      ["TopK", ["x", "k"], ["t", "i"]],
      ["CumSum", ["t", "axis"], ["y"]],
    ],
    weights: [intTensor("k", [2]), intTensor("axis", [1], [])],
  }),
  "GatherND of the last": one(["GatherND", ["x", "at"], ["y"], { batch_dims: 1 }], undefined, {
    nodes: [
      ["Shape", ["x"], ["s"], { end: 1 }],
      ["Concat", ["s", "one"], ["to"], { axis: 0 }],
      ["Expand", ["last", "to"], ["at"]],
      ["GatherND", ["x", "at"], ["y"], { batch_dims: 1 }],
    ],
    weights: [intTensor("last", [2], [1, 1]), intTensor("one", [1])],
  }),
  Einsum: one(["Einsum", ["x", "w"], ["y"], { equation: "bij,kj->bik" }], undefined, { weights: [wave("w", 2, 4)] }),
  "activations with parameters": one(["Elu", ["d"], ["y"]], undefined, {
    nodes: [
      ["HardSigmoid", ["x"], ["a"], { alpha: { float: 0.3 } }],
      ["PRelu", ["a", "slope"], ["b"]],
      ["LeakyRelu", ["b"], ["c"], { alpha: { float: 0.2 } }],
      ["Selu", ["c"], ["d"]],
      ["Elu", ["d"], ["y"], { alpha: { float: 0.5 } }],
    ],
    weights: [wave("slope", 3, 1)],
  }),
  DepthToSpace: one(["DepthToSpace", ["x"], ["y"], { blocksize: 2, mode: "CRD" }], image),
  Softmax: one(["Softmax", ["x"], ["y"]]),
  "Trilu off the diagonal": one(["Trilu", ["x", "k"], ["y"], { upper: 0 }], undefined, {
    weights: [intTensor("k", [1], [])],
  }),
};

describe("an imported op", () => {
  for (const [name, [file, shapes]] of Object.entries(cases)) {
    it(`gives what the runtime gives: ${name}`, async () => {
      await checkImport(onnxFile(file), shapes);
    });
  }
});

describe("an op on integers that the runtime has on small ones alone", () => {
  it.each([
    ["MaxPool", { kernel_shape: [2, 2] }],
    ["DepthToSpace", { blocksize: 2 }],
    ["SpaceToDepth", { blocksize: 2 }],
  ] as const)("is refused with the reason: %s", async (op, attrs) => {
    const bytes = onnxFile({
      nodes: [[op, ["x"], ["y"], attrs]],
      inputs: { x: { type: 3, shape: [1, 4, 4, 4] } },
      outputs: { y: { type: 3, shape: [1, 4, 4, 4] } },
    });
    await expect(imported(bytes, { x: [1, 4, 4, 4] })).rejects.toThrow(
      "of the model cannot be imported: it works on integers, and becomes an op on floats only.",
    );
  });
});

import { describe, it } from "vitest";
import {
  checkImport,
  type FileSpec,
  floatTensor,
  intTensor,
  type NodeSpec,
  onnxFile,
  wave,
} from "#tests/kit/onnx-file";

/** A file of an op in one of its forms, and the opsets in which it has this form. */
type Form = Omit<FileSpec, "opset" | "outputs"> & { opsets: readonly number[]; outputs?: readonly string[] };
type Axes = readonly (number | string)[];

/** One op on an input `x`. */
const one = (opsets: readonly number[], node: NodeSpec, shape: Axes = ["B", 3, 4], more: Partial<Form> = {}): Form => ({
  opsets,
  nodes: [node],
  inputs: { x: shape },
  ...more,
});
const integers = (shape: Axes) => ({ x: { type: 7, shape } });

const old = [7, 8, 9, 10, 11, 12];
const recent = [13, 18, 21, 23, 26];
const all = [...old, ...recent];
const picture = ["B", 4, 7, 6] as const;
const flat = { keepdims: 0 };

const forms: Record<string, Form> = {
  "Softmax of the last axis": one(all, ["Softmax", ["x"], ["y"], { axis: 2 }]),
  "Softmax of an axis in the middle": one(all, ["Softmax", ["x"], ["y"], { axis: 1 }], ["B", 3, 4, 2]),
  "Softmax of the axis that it takes by itself": one(all, ["Softmax", ["x"], ["y"]], ["B", 3, 4]),
  "Softmax of a negative axis": one([11, 12, ...recent], ["Softmax", ["x"], ["y"], { axis: -2 }]),
  "Softmax over all": one(old, ["Softmax", ["x"], ["y"], { axis: 0 }], [2, 3, 4]),
  "LogSoftmax of an axis in the middle": one(all, ["LogSoftmax", ["x"], ["y"], { axis: 1 }]),
  "LogSoftmax of the axis that it takes by itself": one(all, ["LogSoftmax", ["x"], ["y"]]),
  "Hardmax of an axis in the middle": one(all, ["Hardmax", ["x"], ["y"], { axis: 1 }]),
  "Hardmax of the axis that it takes by itself": one(all, ["Hardmax", ["x"], ["y"]]),

  "Squeeze by attribute": one(old, ["Squeeze", ["x"], ["y"], { axes: [1, 3] }], ["B", 1, 3, 1]),
  "Squeeze by input": one(recent, ["Squeeze", ["x", "axes"], ["y"]], ["B", 1, 3, 1], {
    weights: [intTensor("axes", [-1])],
  }),
  "Unsqueeze by attribute": one(old, ["Unsqueeze", ["x"], ["y"], { axes: [0, 3] }]),
  "Unsqueeze by input": one(recent, ["Unsqueeze", ["x", "axes"], ["y"]], undefined, {
    weights: [intTensor("axes", [-1, 0])],
  }),
  "ReduceSum by attribute": one(old, ["ReduceSum", ["x"], ["y"], { axes: [1], keepdims: 0 }]),
  "ReduceSum by input": one(recent, ["ReduceSum", ["x", "axes"], ["y"], flat], undefined, {
    weights: [intTensor("axes", [1])],
  }),
  ...Object.fromEntries(
    ["Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"].flatMap((kind): [string, Form][] => [
      [
        `Reduce${kind} by attribute`,
        one([...old, 13, 17], [`Reduce${kind}`, ["x"], ["y"], { axes: [1, 2], keepdims: 0 }]),
      ],
      [
        `Reduce${kind} by input`,
        one([18, 20, 23, 26], [`Reduce${kind}`, ["x", "axes"], ["y"]], undefined, {
          weights: [intTensor("axes", [-2])],
        }),
      ],
      [`Reduce${kind} of nothing`, one([18, 23], [`Reduce${kind}`, ["x"], ["y"], { noop_with_empty_axes: 1 }])],
    ]),
  ),

  "ReduceLogSum by attribute": one([7, 11, 13], ["ReduceLogSum", ["a"], ["y"], { axes: [1] }], undefined, {
    nodes: [
      ["Abs", ["x"], ["a"]],
      ["ReduceLogSum", ["a"], ["y"], { axes: [1] }],
    ],
  }),
  "ReduceLogSum of nothing": one([18, 23], ["ReduceLogSum", ["a"], ["y"]], undefined, {
    nodes: [
      ["Exp", ["x"], ["a"]],
      ["ReduceLogSum", ["a"], ["y"], { noop_with_empty_axes: 1 }],
    ],
  }),

  "Slice by attributes": one([7, 8, 9], ["Slice", ["x"], ["y"], { axes: [1, 2], starts: [-2, 0], ends: [9, -1] }]),
  "Slice by attributes without axes": one([7, 9], ["Slice", ["x"], ["y"], { starts: [0, 1], ends: [1, 3] }], [2, 3, 4]),
  "Slice by inputs": one([10, 11, ...recent], ["Slice", ["x", "from", "to", "axes", "steps"], ["y"]], undefined, {
    weights: [
      intTensor("from", [-1, 0]),
      intTensor("to", [-9, 4]),
      intTensor("axes", [1, 2]),
      intTensor("steps", [-1, 2]),
    ],
  }),
  "Slice backwards over all": one([11, 13], ["Slice", ["x", "from", "to", "axes", "steps"], ["y"]], undefined, {
    weights: [
      intTensor("from", [Number.MAX_SAFE_INTEGER]),
      intTensor("to", [-Number.MAX_SAFE_INTEGER]),
      intTensor("axes", [2]),
      intTensor("steps", [-1]),
    ],
  }),
  "Split by attribute": one(old, ["Split", ["x"], ["y", "z"], { axis: 2, split: [1, 3] }], undefined, {
    outputs: ["y", "z"],
  }),
  "Split in equal parts": one([...old, 13], ["Split", ["x"], ["y", "z"], { axis: 2 }], undefined, {
    outputs: ["y", "z"],
  }),
  "Split by input": one(recent, ["Split", ["x", "sizes"], ["y", "z"], { axis: 1 }], undefined, {
    outputs: ["y", "z"],
    weights: [intTensor("sizes", [1, 2])],
  }),
  "Split in parts that do not fit": one(
    [18, 21, 23],
    ["Split", ["x"], ["y", "z", "w"], { axis: 1, num_outputs: 3 }],
    ["B", 7],
    { outputs: ["y", "z", "w"] },
  ),
  "Pad by attributes": one([7, 9, 10], ["Pad", ["x"], ["y"], { pads: [0, 1, 0, 0, 0, 2], value: { float: 1.5 } }]),
  "Pad mirrored by attributes": one([7, 10], ["Pad", ["x"], ["y"], { pads: [0, 0, 2, 0, 0, 1], mode: "reflect" }]),
  "Pad by inputs": one([11, 12, ...recent], ["Pad", ["x", "pads", "filler"], ["y"], { mode: "constant" }], undefined, {
    weights: [intTensor("pads", [0, 1, -1, 0, 0, 2]), floatTensor("filler", [], [0.5])],
  }),
  "Pad with the edge": one([11, 13, 21], ["Pad", ["x", "pads"], ["y"], { mode: "edge" }], undefined, {
    weights: [intTensor("pads", [0, 1, 2, 0, 0, 1])],
  }),
  "Pad as a ring": one([19, 23], ["Pad", ["x", "pads"], ["y"], { mode: "wrap" }], undefined, {
    weights: [intTensor("pads", [0, 1, 2, 0, 0, 1])],
  }),
  "Clip by attributes": one([7, 10], ["Clip", ["x"], ["y"], { min: { float: -0.3 }, max: { float: 0.5 } }]),
  "Clip by one attribute": one([7, 10], ["Clip", ["x"], ["y"], { max: { float: 0.5 } }]),
  "Clip by inputs": one([11, 12, ...recent], ["Clip", ["x", "low", "high"], ["y"]], undefined, {
    weights: [floatTensor("low", [], [-0.3]), floatTensor("high", [], [0.5])],
  }),
  "TopK by attribute": one([7, 9], ["TopK", ["x"], ["y", "i"], { axis: 2, k: 2 }]),
  "TopK by input": one([10, 11, ...recent], ["TopK", ["x", "k"], ["y", "i"]], undefined, {
    weights: [intTensor("k", [3])],
  }),
  "TopK of the smallest": one([11, 13], ["TopK", ["x", "k"], ["y", "i"], { largest: 0, axis: 1 }], undefined, {
    weights: [intTensor("k", [2])],
  }),
  "Dropout with its mask": one([10, 11, 12, 13, 22], ["Dropout", ["x"], ["d", "mask"]], undefined, {
    nodes: [
      ["Dropout", ["x"], ["d", "mask"]],
      ["Where", ["mask", "d", "zero"], ["y"]],
    ],
    weights: [floatTensor("zero", [], [0])],
  }),
  "Dropout by attribute": one([7, 10], ["Dropout", ["x"], ["y"], { ratio: { float: 0.5 } }]),
  "Upsample by attribute": one([7, 8], ["Upsample", ["x"], ["y"], { scales: { floats: [1, 1, 2, 3] } }], picture),
  "Upsample linearly by attribute": one(
    [7, 8],
    ["Upsample", ["x"], ["y"], { mode: "linear", scales: { floats: [1, 1, 2, 3] } }],
    picture,
  ),
  "Upsample by input": one([9], ["Upsample", ["x", "by"], ["y"], { mode: "nearest" }], picture, {
    weights: [floatTensor("by", [4], [1, 1, 2.5, 2])],
  }),
  "Resize of old to more": one([10], ["Resize", ["x", "by"], ["y"], { mode: "nearest" }], picture, {
    weights: [floatTensor("by", [4], [1, 1, 1.6, 2])],
  }),
  "Resize of old to less": one([10], ["Resize", ["x", "by"], ["y"], { mode: "nearest" }], picture, {
    weights: [floatTensor("by", [4], [1, 1, 0.6, 0.5])],
  }),
  "Resize of old to more and less": one([10], ["Resize", ["x", "by"], ["y"], { mode: "nearest" }], picture, {
    weights: [floatTensor("by", [4], [1, 1, 0.6, 1.5])],
  }),
  "Resize of old linearly": one([10], ["Resize", ["x", "by"], ["y"], { mode: "linear" }], picture, {
    weights: [floatTensor("by", [4], [1, 1, 0.6, 1.5])],
  }),
  ...Object.fromEntries(
    ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"].flatMap((mode): [string, Form][] => [
      [
        `Resize by scales, ${mode}`,
        one(
          [11, 13, 18, 19, 23],
          ["Resize", ["x", "roi", "by"], ["y"], { mode: "linear", coordinate_transformation_mode: mode }],
          picture,
          { weights: [floatTensor("roi", [0], []), floatTensor("by", [4], [1, 1, 2, 0.7])] },
        ),
      ],
      [
        `Resize to the nearest, ${mode}`,
        one(
          [11, 13, 18, 19, 23],
          ["Resize", ["x", "roi", "by", "to"], ["y"], { mode: "nearest", coordinate_transformation_mode: mode }],
          ["2", 4, 7, 6].map((d) => (d === "2" ? 2 : d)),
          { weights: [floatTensor("roi", [0], []), floatTensor("by", [0], []), intTensor("to", [2, 4, 11, 4])] },
        ),
      ],
    ]),
  ),
  OneHot: one([9, 11, 13, 23], ["OneHot", ["x", "depth", "values"], ["y"], { axis: 1 }], ["B", 3], {
    inputs: integers(["B", 3]),
    weights: [intTensor("depth", [6], []), floatTensor("values", [2], [-1, 2])],
  }),
  "Cast to integers and back": one(all, ["Cast", ["i"], ["y"], { to: 1 }], undefined, {
    nodes: [
      ["Mul", ["x", "five"], ["m"]],
      ["Cast", ["m"], ["i"], { to: 7 }],
      ["Cast", ["i"], ["y"], { to: 1 }],
    ],
    weights: [floatTensor("five", [], [5])],
  }),
  BatchNormalization: one(all, ["BatchNormalization", ["x", "s", "b", "m", "v"], ["y"]], picture, {
    weights: [wave("s", 4), wave("b", 4), wave("m", 4), floatTensor("v", [4], [1, 2, 0.5, 3])],
  }),
  "BatchNormalization by the batch": one(
    [14, 15, 21, 23],
    ["BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "mean", "variance"], { training_mode: 1 }],
    picture,
    {
      outputs: ["y", "mean", "variance"],
      weights: [wave("s", 4), wave("b", 4), wave("m", 4), floatTensor("v", [4], [1, 2, 0.5, 3])],
    },
  ),
  InstanceNormalization: one(all, ["InstanceNormalization", ["x", "s", "b"], ["y"]], picture, {
    weights: [wave("s", 4), wave("b", 4)],
  }),
  LayerNormalization: one([17, 20, 23], ["LayerNormalization", ["x", "s", "b"], ["y", "mean", "root"]], undefined, {
    outputs: ["y", "mean", "root"],
    weights: [wave("s", 4), wave("b", 4)],
  }),
  "LayerNormalization over two axes": one([17, 23], ["LayerNormalization", ["x", "s"], ["y"], { axis: 1 }], undefined, {
    weights: [wave("s", 3, 4)],
  }),
  "GroupNormalization by group": one(
    [18, 20],
    ["GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }],
    picture,
    {
      weights: [wave("s", 2), wave("b", 2)],
    },
  ),
  "GroupNormalization by channel": one(
    [21, 23],
    ["GroupNormalization", ["x", "s", "b"], ["y"], { num_groups: 2 }],
    picture,
    { weights: [wave("s", 4), wave("b", 4)] },
  ),
  RMSNormalization: one([23, 24], ["RMSNormalization", ["x", "s"], ["y"], { epsilon: { float: 0.01 } }], undefined, {
    weights: [wave("s", 4)],
  }),
  LRN: one(all, ["LRN", ["x"], ["y"], { size: 3, alpha: { float: 0.3 }, bias: { float: 1.2 } }], picture),
  MeanVarianceNormalization: one([9, 13, 23], ["MeanVarianceNormalization", ["x"], ["y"]], [2, 4, 7, 6]),
  LpNormalization: one(all, ["LpNormalization", ["x"], ["y"], { axis: 1, p: 1 }]),
  "Gelu, exact": one([20, 23], ["Gelu", ["x"], ["y"]]),
  "Gelu by tanh": one([20, 23], ["Gelu", ["x"], ["y"], { approximate: "tanh" }]),
  "Reshape with a zero that copies": one([7, 13, 14, 21, 23], ["Reshape", ["x", "to"], ["y"]], undefined, {
    weights: [intTensor("to", [0, 2, -1])],
  }),
  "AveragePool without a rest": one(
    all,
    ["AveragePool", ["x"], ["y"], { kernel_shape: [3, 2], strides: [2, 2] }],
    picture,
  ),
  "AveragePool that counts its padding": one(
    all,
    ["AveragePool", ["x"], ["y"], { kernel_shape: [3, 3], pads: [1, 1, 0, 1], count_include_pad: 1 }],
    picture,
  ),
  "AveragePool that does not count its padding": one(
    all,
    ["AveragePool", ["x"], ["y"], { kernel_shape: [3, 3], pads: [1, 1, 0, 1], strides: [2, 2] }],
    picture,
  ),
  "AveragePool over the end": one(
    [10, 11, 13, 18, 19, 21, 22, 23],
    ["AveragePool", ["x"], ["y"], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
    picture,
  ),
  "AveragePool over the end that counts its padding": one(
    [10, 11, 13, 18, 19, 22, 23],
    [
      "AveragePool",
      ["x"],
      ["y"],
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 },
    ],
    picture,
  ),
  "AveragePool of every second": one(
    [19, 21, 22],
    ["AveragePool", ["x"], ["y"], { kernel_shape: [2, 2], dilations: [2, 3], pads: [0, 1, 1, 0] }],
    picture,
  ),
  "AveragePool padded by the runtime": one(
    all,
    ["AveragePool", ["x"], ["y"], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_UPPER" }],
    picture,
  ),
  "MaxPool with its places": one(
    [8, 10, 11, 12, 22],
    ["MaxPool", ["x"], ["y", "i"], { kernel_shape: [2, 2] }],
    picture,
    {
      nodes: [
        ["MaxPool", ["x"], ["m", "i"], { kernel_shape: [2, 2], strides: [2, 2] }],
        ["Cast", ["i"], ["f"], { to: 1 }],
        ["Add", ["m", "f"], ["y"]],
      ],
    },
  ),
  "MaxPool over the end": one(
    [10, 12, 22],
    ["MaxPool", ["x"], ["y"], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, storage_order: 1 }],
    picture,
  ),
  LpPool: one([7, 11, 18, 22], ["LpPool", ["x"], ["y"], { kernel_shape: [2, 3], pads: [0, 1, 0, 1], p: 2 }], picture),
  "LpPool of sizes": one([7, 18], ["LpPool", ["x"], ["y"], { kernel_shape: [2, 3], p: 1 }], picture),
  GlobalLpPool: one([7, 13], ["GlobalLpPool", ["x"], ["y"]], picture),
  "ConvTranspose to a shape": one(
    [7, 11, 22],
    ["ConvTranspose", ["x", "w"], ["y"], { strides: [2, 2], output_shape: [14, 13] }],
    picture,
    { weights: [wave("w", 4, 2, 3, 3)] },
  ),
  "ConvTranspose padded by the runtime": one(
    [7, 11, 22],
    ["ConvTranspose", ["x", "w"], ["y"], { strides: [2, 2], auto_pad: "SAME_UPPER" }],
    picture,
    { weights: [wave("w", 4, 2, 3, 3)] },
  ),
  "ConvTranspose padded the other way": one(
    [11, 22],
    ["ConvTranspose", ["x", "w"], ["y"], { strides: [2, 2], auto_pad: "SAME_LOWER" }],
    picture,
    { weights: [wave("w", 4, 2, 3, 3)] },
  ),
  Gemm: one(all, ["Gemm", ["x", "w", "b"], ["y"], { transB: 1, alpha: { float: 0.5 } }], ["B", 4], {
    weights: [wave("w", 3, 4), wave("b", 3)],
  }),
  "Gemm without a third input": one([11, 13, 23], ["Gemm", ["x", "w"], ["y"]], ["B", 4], {
    weights: [wave("w", 4, 3)],
  }),
  "ArgMax with the last of equals": one([12, 13, 23], ["ArgMax", ["r"], ["y"]], undefined, {
    nodes: [
      ["Round", ["x"], ["r"]],
      ["ArgMax", ["r"], ["a"], { axis: 2, keepdims: 0, select_last_index: 1 }],
      ["Cast", ["a"], ["y"], { to: 1 }],
    ],
  }),
  Scatter: one([9, 10], ["Scatter", ["w", "x", "u"], ["y"], { axis: 1 }], ["2", 2].map(Number), {
    inputs: integers([2, 2]),
    weights: [wave("w", 2, 5), wave("u", 2, 2)],
  }),
  ScatterElements: one([11, 13, 18], ["ScatterElements", ["w", "x", "u"], ["y"], { axis: 1 }], [2, 2], {
    inputs: integers([2, 2]),
    weights: [wave("w", 2, 5), wave("u", 2, 2)],
  }),
  "ScatterElements that adds": one(
    [16, 18],
    ["ScatterElements", ["w", "x", "u"], ["y"], { axis: 1, reduction: "add" }],
    [2, 2],
    {
      inputs: integers([2, 2]),
      weights: [wave("w", 2, 5), wave("u", 2, 2)],
    },
  ),
  "GatherND with batch axes": one([12, 13], ["GatherND", ["w", "x"], ["y"], { batch_dims: 1 }], [2, 1], {
    inputs: integers([2, 1]),
    weights: [wave("w", 2, 5, 3)],
  }),
  "CumSum backwards": one([11, 14, 23], ["CumSum", ["x", "axis"], ["y"], { reverse: 1, exclusive: 1 }], undefined, {
    weights: [intTensor("axis", [-1], [])],
  }),
  "DepthToSpace of old": one([7, 10], ["DepthToSpace", ["x"], ["y"], { blocksize: 2 }], picture),
  "DepthToSpace by columns": one([11, 13, 23], ["DepthToSpace", ["x"], ["y"], { blocksize: 2, mode: "CRD" }], picture),
  "Shape of a part": one([15, 19, 21, 23], ["Shape", ["x"], ["y"]], undefined, {
    nodes: [
      ["Shape", ["x"], ["s"], { start: -2, end: -1 }],
      ["Cast", ["s"], ["f"], { to: 1 }],
      ["Mul", ["x", "f"], ["y"]],
    ],
  }),
  "Compress by a known choice": one([9, 11, 13], ["Compress", ["x", "c"], ["y"], { axis: 1 }], undefined, {
    nodes: [
      ["Cast", ["n"], ["c"], { to: 9 }],
      ["Compress", ["x", "c"], ["y"], { axis: 1 }],
    ],
    weights: [intTensor("n", [1, 0, 1])],
  }),
  Shrink: one([9, 13, 23], ["Shrink", ["x"], ["y"], { lambd: { float: 0.4 }, bias: { float: 0.1 } }]),
  Asinh: one([9, 22], ["Asinh", ["x"], ["y"]]),
  Atanh: one([9, 22], ["Atanh", ["m"], ["y"]], undefined, {
    nodes: [
      ["Mul", ["x", "less"], ["m"]],
      ["Atanh", ["m"], ["y"]],
    ],
    weights: [floatTensor("less", [], [0.9])],
  }),
  Acosh: one([9, 22], ["Acosh", ["m"], ["y"]], undefined, {
    nodes: [
      ["Add", ["x", "more"], ["m"]],
      ["Acosh", ["m"], ["y"]],
    ],
    weights: [floatTensor("more", [], [2.5])],
  }),
  ...Object.fromEntries(
    (["none", "mean", "sum"] as const).flatMap((reduction): [string, Form][] => [
      [
        `SoftmaxCrossEntropyLoss, ${reduction}`,
        one([12, 13, 23], ["SoftmaxCrossEntropyLoss", ["p", "x"], ["y", "log"], { reduction }], ["B"], {
          inputs: { p: ["B", 5, 2], x: { type: 7, shape: ["B", 2] } },
          outputs: ["y", "log"],
        }),
      ],
      [
        `NegativeLogLikelihoodLoss with weights and what is ignored, ${reduction}`,
        one(
          [12, 13, 22],
          ["NegativeLogLikelihoodLoss", ["p", "x", "w"], ["y"], { reduction, ignore_index: 2 }],
          ["B"],
          {
            inputs: { p: ["B", 5], x: { type: 7, shape: ["B"] } },
            weights: [floatTensor("w", [5], [1, 2, 0.5, 3, 1.5])],
          },
        ),
      ],
    ]),
  ),
};

const shapesOf = (inputs: FileSpec["inputs"]): Record<string, Axes> =>
  Object.fromEntries(Object.entries(inputs).map(([name, port]) => [name, "type" in port ? port.shape : port]));

describe("an op in the opset of its file gives what the runtime gives", () => {
  for (const [name, { opsets, ...file }] of Object.entries(forms)) {
    it.each(opsets)(`${name}, opset %i`, async (opset) => {
      await checkImport(onnxFile({ outputs: ["y"], ...file, opset }), shapesOf(file.inputs));
    });
  }
});

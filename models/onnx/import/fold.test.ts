import { describe, expect, it } from "vitest";
import { checkImport, floatTensor, imported, intTensor, type NodeSpec, onnxFile, wave } from "#tests/kit/onnx-file";
import { print } from "../print";

const index = (name: string, i: number) => intTensor(name, [i], []);
/** Reads the size of an axis of `x` as a list of one number. */
const size = (axis: number): NodeSpec[] => [
  ["Shape", ["x"], [`s${axis}`]],
  ["Gather", [`s${axis}`, `i${axis}`], [`g${axis}`]],
  ["Unsqueeze", [`g${axis}`, "zero"], [`d${axis}`]],
];
const axes = [intTensor("zero", [0]), index("i0", 0), index("i1", 1)];

describe("what a file computes on shapes", () => {
  it("is computed while it is imported: heads are split and joined with plain sizes", async () => {
    const nodes: NodeSpec[] = [
      ...size(0),
      ...size(1),
      ["Concat", ["d0", "d1", "heads"], ["to"], { axis: 0 }],
      ["Reshape", ["x", "to"], ["h"]],
      ["Transpose", ["h"], ["t"], { perm: [0, 2, 1, 3] }],
      ["Concat", ["d0", "two", "minus"], ["back"], { axis: 0 }],
      ["Reshape", ["t", "back"], ["y"]],
    ];
    const bytes = onnxFile({
      nodes,
      inputs: { x: ["batch", "length", 6] },
      outputs: ["y"],
      weights: [...axes, intTensor("heads", [2, 3]), intTensor("two", [2]), intTensor("minus", [-1])],
    });
    expect(print(await checkImport(bytes, { x: ["B", "T", 6] }, { B: [2, 1], T: [4, 5] }))).toMatchInlineSnapshot(`
      "(x: float32[B,T,6])
        Reshape_0: float32[B,T,2,3] = Reshape(x, to=["B","T",2,3])
        Transpose_1: float32[B,2,T,3] = Transpose(Reshape_0, perm=[0,2,1,3])
        Reshape_2: float32[B,2,3·T] = Reshape(Transpose_1, to=["B",2,"3·T"])
      => y=Reshape_2"
    `);
  });
  it("counts windows as multiples of the batch", async () => {
    const nodes: NodeSpec[] = [
      ...size(0),
      ["Mul", ["d0", "four"], ["windows"]],
      ["Concat", ["windows", "rest"], ["to"], { axis: 0 }],
      ["Reshape", ["x", "to"], ["w"]],
      ["Softmax", ["w"], ["s"]],
      ["Shape", ["s"], ["sh"]],
      ["Gather", ["sh", "i0"], ["n"]],
      ["Div", ["n", "four"], ["b"]],
      ["Concat", ["b", "whole"], ["back"], { axis: 0 }],
      ["Reshape", ["s", "back"], ["y"]],
    ];
    const graph = await checkImport(
      onnxFile({
        nodes,
        inputs: { x: ["B", 4, 6] },
        outputs: ["y"],
        weights: [...axes, intTensor("four", [4]), intTensor("rest", [2, 3]), intTensor("whole", [4, 6])],
      }),
      { x: ["B", 4, 6] },
    );
    expect(graph.nodes.map((n) => n.outputs[0]?.shape)).toEqual([
      ["4·B", 2, 3],
      ["4·B", 2, 3],
      ["B", 4, 6],
    ]);
  });
  it("takes a beginning as long as the text from a table of positions", async () => {
    const nodes: NodeSpec[] = [
      ...size(1),
      ["Slice", ["positions", "start", "d1", "one"], ["p"]],
      ["Gather", ["table", "p"], ["e"]],
      ["Add", ["x", "e"], ["y"]],
    ];
    await checkImport(
      onnxFile({
        nodes,
        inputs: { x: ["B", "T", 3] },
        outputs: ["y"],
        weights: [
          ...axes,
          intTensor("positions", [0, 1, 2, 3, 4, 5], [1, 6]),
          intTensor("start", [0]),
          intTensor("one", [1]),
          wave("table", 6, 3),
        ],
      }),
      { x: ["B", "T", 3] },
      { B: [2, 1], T: [4, 6] },
    );
  });
  it("may be data too: sizes, counts and ranges of them", async () => {
    const nodes: NodeSpec[] = [
      ...size(0),
      ["Cast", ["g0"], ["b"], { to: 1 }],
      ["Div", ["x", "b"], ["q"]],
      ["Range", ["nil", "g0", "step"], ["r"]],
      ["Cast", ["r"], ["f"], { to: 1 }],
      ["Unsqueeze", ["f", "last"], ["c"]],
      ["Add", ["q", "c"], ["y"]],
    ];
    await checkImport(
      onnxFile({
        nodes,
        inputs: { x: ["B", 3] },
        outputs: ["y"],
        weights: [...axes, index("nil", 0), index("step", 1), intTensor("last", [1])],
      }),
      { x: ["B", 3] },
    );
  });
  it("chooses sizes as torch's expand does: −1 keeps one", async () => {
    const nodes: NodeSpec[] = [
      ...size(0),
      ["Concat", ["d0", "wanted"], ["list"], { axis: 0 }],
      ["Shape", ["list"], ["n"]],
      ["ConstantOfShape", ["n"], ["ones"], { value: intTensor("", [1]) }],
      ["Mul", ["ones", "minus"], ["less"]],
      ["Equal", ["list", "less"], ["keep"]],
      ["Where", ["keep", "ones", "list"], ["to"]],
      ["Expand", ["token", "to"], ["e"]],
      ["Concat", ["e", "x"], ["y"], { axis: 1 }],
    ];
    await checkImport(
      onnxFile({
        nodes,
        inputs: { x: ["B", 2, 3] },
        outputs: ["y"],
        weights: [...axes, intTensor("wanted", [-1, 3]), intTensor("minus", [-1], []), wave("token", 1, 1, 3)],
      }),
      { x: ["B", 2, 3] },
    );
  });
  it("computes with floats on the way: the scale of an attention", async () => {
    const nodes: NodeSpec[] = [
      ["Shape", ["x"], ["s"], { start: -1 }],
      ["Cast", ["s"], ["f"], { to: 1 }],
      ["Sqrt", ["f"], ["r"]],
      ["Div", ["one", "r"], ["k"]],
      ["Mul", ["x", "k"], ["y"]],
    ];
    const graph = await checkImport(
      onnxFile({ nodes, inputs: { x: ["B", 4] }, outputs: ["y"], weights: [floatTensor("one", [], [1])] }),
      { x: ["B", 4] },
    );
    expect(graph.nodes.map((n) => n.op)).toEqual(["Mul"]);
  });
  it("stays small: a list that doubles forty times is left to the runtime", async () => {
    const doubled: NodeSpec[] = Array.from({ length: 40 }, (_, i) => [
      "Concat",
      [`c${i}`, `c${i}`],
      [`c${i + 1}`],
      { axis: 0 },
    ]);
    const nodes: NodeSpec[] = [
      ["Shape", ["x"], ["c0"]],
      ...doubled,
      ["Gather", ["c40", "i0"], ["g"]],
      ["Cast", ["g"], ["f"], { to: 1 }],
      ["Mul", ["x", "f"], ["y"]],
    ];
    const { graph } = await imported(
      onnxFile({ nodes, inputs: { x: ["B", 3] }, outputs: ["y"], weights: [index("i0", 0)] }),
      { x: [2, 3] },
    );
    expect(graph.constants.reduce((n, c) => n + c.data.length, 0)).toBeLessThan(200_000);
  });
  it("must not depend on data", async () => {
    const bytes = onnxFile({
      nodes: [
        ["Cast", ["x"], ["i"], { to: 7 }],
        ["Reshape", ["x", "i"], ["y"]],
      ],
      inputs: { x: ["N"] },
      outputs: ["y"],
    });
    await expect(imported(bytes, { x: [2] })).rejects.toThrow(
      "Reshape “node_1” of the model cannot be imported: its input 2 depends on data, " +
        "and shapes must follow from the shapes of the model's inputs.",
    );
  });
});

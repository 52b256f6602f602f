import { describe, expect, it } from "vitest";
import { checkOp, type Precision, type Sample, sample } from "#tests/kit/check-op";
import type { Value } from "./graph";
import { Graph } from "./graph";
import { rulesOf } from "./gradients/index";
import { type OpName, type Ops, opsOf, opTable } from "./ops/index";

interface Case {
  build: (op: Ops, ...x: Value[]) => Value;
  inputs: readonly Sample[];
  /** float32 where ONNX Runtime has no float64 kernel. */
  precision?: Precision;
  gradient?: boolean;
}
const positive = (x: number) => Math.abs(x) + 0.5;
/** Away from kinks at 0, ±3 and ±1. */
const apart = (x: number) => (Math.abs(x) < 0.1 ? x + 0.3 : x);
const distinct = (x: number, i: number) => i * 0.7 - ((i * i) % 5) + x * 0.05;
const spread = (x: number) => x * 4 + (Math.abs(Math.abs(x * 4) - 3) < 0.1 ? 0.4 : 0);

const broadcasts: [number[], number[]][] = [[[2, 3], [2, 3]], [[2, 3], [3]], [[3], [2, 3]], [[2, 1, 4], [3, 1]], [[2, 3], []], [[1, 3], [2, 1]]];
const binary = (name: "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Min" | "Max"): Case[] =>
  broadcasts.map(([a, b]) => ({ build: (op, x, y) => op[name](x as Value, y as Value), inputs: [sample(a, name === "Pow" ? positive : apart), sample(b, name === "Add" ? undefined : positive)] }));
const unary = (name: "Neg" | "Abs" | "Sign" | "Floor" | "Reciprocal" | "Sqrt" | "Exp" | "Log" | "Sin" | "Cos" | "Erf" | "Sigmoid" | "Tanh" | "Relu" | "Softplus" | "HardSwish" | "Identity", map: Sample["map"] = apart, precision?: Precision): Case[] =>
  [[2, 3], [4], []].map((shape) => ({ build: (op, x) => op[name](x as Value), inputs: [sample(shape, map)], precision }));
const reducing = (name: "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceL2" | "ReduceSumSquare" | "ReduceLogSumExp"): Case[] =>
  [undefined, [0], [-1], [0, 2]].flatMap((axes) => [0, 1].map((keepdims) => ({ build: (op: Ops, x: Value) => op[name](x, { axes, keepdims }), inputs: [sample([2, 3, 4], distinct)] }))) as Case[];
const comparing = (name: "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Equal"): Case[] =>
  [{ build: (op, x, y) => op.Where(op[name](x as Value, y as Value), op.Mul(x as Value, y as Value), y as Value), inputs: [sample([2, 3]), sample([3])] }];
const bools = (op: Ops, x: Value) => op.Greater(x, op.Mul(x, x));
const ids = (op: Ops, x: Value) => op.ArgMax(x, { axis: -1, keepdims: 0 });

/** The one table: every op, over the shapes that matter. An op without a case does not compile. */
const cases: Record<OpName, Case[]> = {
  Add: binary("Add"), Sub: binary("Sub"), Mul: binary("Mul"), Div: binary("Div"), Pow: binary("Pow"), Min: binary("Min"), Max: binary("Max"),
  Neg: unary("Neg"), Abs: unary("Abs"), Sign: unary("Sign"), Floor: unary("Floor", (x) => Math.floor(x) + 0.5), Reciprocal: unary("Reciprocal"), Sqrt: unary("Sqrt", positive), Exp: unary("Exp"), Log: unary("Log", positive),
  Sin: unary("Sin"), Cos: unary("Cos"), Erf: unary("Erf", apart, "float32"), Sigmoid: unary("Sigmoid"), Tanh: unary("Tanh"), Relu: unary("Relu"), Softplus: unary("Softplus", apart, "float32"), HardSwish: unary("HardSwish", spread, "float32"), Identity: unary("Identity"),
  Gelu: (["none", "tanh"] as const).map((approximate) => ({ build: (op, x) => op.Gelu(x as Value, { approximate }), inputs: [sample([3, 4])], precision: "float32" })),
  Clip: [{ build: (op, x, a, b) => op.Clip(x as Value, a as Value, b as Value), inputs: [sample([3, 4], apart), sample([], () => -0.55), sample([], () => 0.65)] }],
  StopGradient: [{ build: (op, x) => op.StopGradient(x as Value), inputs: [sample([2])], gradient: false }],
  Greater: comparing("Greater"), GreaterOrEqual: comparing("GreaterOrEqual"), Less: comparing("Less"), LessOrEqual: comparing("LessOrEqual"), Equal: comparing("Equal"),
  And: [{ build: (op, x, y) => op.And(bools(op, x as Value), bools(op, y as Value)), inputs: [sample([2, 3]), sample([3])], gradient: false }],
  Or: [{ build: (op, x, y) => op.Or(bools(op, x as Value), bools(op, y as Value)), inputs: [sample([2, 3]), sample([3])], gradient: false }],
  Not: [{ build: (op, x) => op.Where(op.Not(bools(op, x as Value)), x as Value, op.Mul(x as Value, x as Value)), inputs: [sample([2, 3])] }],
  Where: broadcasts.map(([a, b]) => ({ build: (op, x, y) => op.Where(bools(op, x as Value), x as Value, y as Value), inputs: [sample(a, apart), sample(b)] })),
  Cast: [{ build: (op, x) => op.Cast(op.Mul(x as Value, x as Value), { dtype: "float32" }), inputs: [sample([2, 3])], precision: "float32" }],
  ReduceSum: reducing("ReduceSum"), ReduceMean: reducing("ReduceMean"), ReduceMax: reducing("ReduceMax"), ReduceMin: reducing("ReduceMin"), ReduceL2: reducing("ReduceL2"), ReduceSumSquare: reducing("ReduceSumSquare"), ReduceLogSumExp: reducing("ReduceLogSumExp"),
  Softmax: [-1, 1, 0].map((axis) => ({ build: (op, x) => op.Softmax(x as Value, { axis }), inputs: [sample([2, 3, 4])] })),
  LogSoftmax: [-1, 1, 0].map((axis) => ({ build: (op, x) => op.LogSoftmax(x as Value, { axis }), inputs: [sample([2, 3, 4])] })),
  CumSum: [{}, { exclusive: 1 }, { reverse: 1 }].map((attrs) => ({ build: (op, x) => op.CumSum(x as Value, { along: 1, ...attrs }), inputs: [sample([2, 4])] })),
  ArgMax: [{ build: (op, x) => op.ArgMax(x as Value, { axis: -1 }), inputs: [sample([2, 5])], gradient: false }],
  TopK: [{ build: (op, x) => op.TopK(x as Value, { k: [2], axis: -1 }), inputs: [sample([3, 5], distinct)] }, { build: (op, x) => op.TopK(x as Value, { k: [1], axis: 0 }), inputs: [sample([3, 2], distinct)] }],
  MatMul: ([[[2, 3], [3, 4]], [[5, 2, 3], [3, 4]], [[5, 2, 3], [5, 3, 4]], [[2, 1, 2, 3], [5, 3, 4]], [[2, 3], [5, 3, 4]]] as [number[], number[]][]).map(([a, b]) => ({ build: (op, x, y) => op.MatMul(x as Value, y as Value), inputs: [sample(a), sample(b)] })),
  Gemm: [[0, 0], [0, 1], [1, 0], [1, 1]].flatMap(([transA = 0, transB = 0]) => [[4], [2, 4], [2, 1]].map((c) => ({
    build: (op: Ops, ...[x, y, z]: Value[]) => op.Gemm(x as Value, y as Value, z as Value, { transA, transB, alpha: 0.5, beta: 2 }),
    inputs: [sample(transA ? [3, 2] : [2, 3]), sample(transB ? [4, 3] : [3, 4]), sample(c)],
  }))),
  Reshape: [{ build: (op, x) => op.Reshape(x as Value, { to: [3, 4] }), inputs: [sample([2, 6])] }],
  Expand: [{ build: (op, x) => op.Expand(x as Value, { to: [2, 3, 4] }), inputs: [sample([3, 1])] }],
  Transpose: [[0, 2, 1], [2, 0, 1]].map((perm) => ({ build: (op, x) => op.Transpose(x as Value, { perm }), inputs: [sample([2, 3, 4])] })),
  Concat: [{ build: (op, ...x) => op.Concat(...x, { axis: 1 }), inputs: [sample([2, 1]), sample([2, 3]), sample([2, 2])] }],
  Slice: [[[1], [3], [1], [1]], [[-3], [99], [1], [2]], [[0, 1], [2, 6], [0, 1], [1, 3]]].map(([starts = [], ends = [], axes = [], steps = []]) => ({ build: (op, x) => op.Slice(x as Value, { starts, ends, axes, steps }), inputs: [sample([3, 7])] })),
  Pad: [{ build: (op, x) => op.Pad(x as Value, { pads: [1, 0, 0, 2] }), inputs: [sample([2, 3])] }],
  Tile: [{ build: (op, x) => op.Tile(x as Value, { repeats: [2, 3] }), inputs: [sample([2, 3])] }],
  Trilu: [0, 1].map((upper) => ({ build: (op, x) => op.Trilu(x as Value, { upper }), inputs: [sample([3, 3])] })),
  EyeLike: [{ build: (op, x) => op.Mul(op.EyeLike(x as Value), x as Value), inputs: [sample([3, 3])] }],
  Gather: [0, 1, -1].map((axis) => ({ build: (op, x, y) => op.Gather(x as Value, ids(op, op.StopGradient(y as Value)), { axis }), inputs: [sample([3, 4, 5]), sample([2, 6, 3])] })),
  GatherElements: [{ build: (op, x, y) => op.GatherElements(x as Value, op.ArgMax(op.StopGradient(y as Value), { axis: 1 }), { axis: 1 }), inputs: [sample([4, 3]), sample([4, 3])] }],
  ScatterElements: (["none", "add"] as const).map((reduction) => ({ build: (op, x, y) => op.ScatterElements(x as Value, op.ArgMax(op.StopGradient(x as Value), { axis: 1 }), y as Value, { axis: 1, reduction }), inputs: [sample([4, 3]), sample([4, 1])] })),
  ScatterND: [{ build: (op, x, y) => op.ScatterND(x as Value, op.ArgMax(x as Value, { axis: 1 }), y as Value, { reduction: "add" }), inputs: [sample([4, 3]), sample([4, 3])], gradient: false }],
  Conv: ([
    [[2, 3, 7, 6], [4, 3, 3, 2], {}], [[1, 4, 8, 7], [6, 2, 3, 3], { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] }], [[2, 3, 9, 9], [3, 1, 3, 3], { group: 3, dilations: [2, 2], pads: [2, 2, 2, 2] }],
    [[2, 2, 10], [3, 2, 4], { strides: [3], pads: [1, 0] }], [[1, 2, 8, 8], [5, 2, 4, 4], { strides: [4, 4] }],
  ] as const).map(([x, w, attrs]) => ({ build: (op: Ops, ...v: Value[]) => op.Conv(...v, attrs), inputs: [sample(x), sample(w), sample([w[0]])], precision: "float32" })),
  ConvTranspose: ([
    [[2, 3, 4, 5], [3, 2, 3, 2], {}], [[1, 4, 4, 4], [4, 3, 3, 3], { group: 2, strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }],
  ] as const).map(([x, w, attrs]) => ({ build: (op: Ops, ...v: Value[]) => op.ConvTranspose(...v, attrs), inputs: [sample(x), sample(w), sample([w[1] * ("group" in attrs ? attrs.group : 1)])], precision: "float32" })),
  AveragePool: [{ kernel_shape: [2, 2], strides: [2, 2] }, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 }].map((attrs) => ({ build: (op: Ops, x: Value) => op.AveragePool(x, attrs), inputs: [sample([2, 3, 6, 7])], precision: "float32" as const })) as Case[],
  MaxPool: [{ kernel_shape: [2, 2], strides: [2, 2] }, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }].map((attrs) => ({ build: (op: Ops, x: Value) => op.MaxPool(x, attrs), inputs: [sample([2, 2, 6, 6], distinct)] })) as Case[],
  GlobalAveragePool: [{ build: (op, x) => op.GlobalAveragePool(x as Value), inputs: [sample([2, 3, 4, 5])], precision: "float32" }],
  LayerNormalization: [[[2, 3, 8], -1], [[5, 4], -1], [[2, 3, 4], 1]].map(([shape, axis]) => {
    const normalized = (shape as number[]).slice(axis as number);
    return { build: (op, x, scale, bias) => op.LayerNormalization(x as Value, scale as Value, bias as Value, { axis: axis as number, epsilon: 1e-5 }), inputs: [sample(shape as number[]), sample(normalized), sample(normalized)], precision: "float32" } satisfies Case;
  }),
};

describe("every op", () => {
  for (const [name, list] of Object.entries(cases)) {
    it(`${name} has the shape the runtime gives, and a gradient that agrees with a central difference`, async () => {
      expect(list.length).toBeGreaterThan(0);
      for (const { build, inputs, ...options } of list) await checkOp(build, inputs, options);
    });
  }
  it("has a rule for each input, or says that it is unwritten", () => {
    for (const name of Object.keys(opTable)) expect(rulesOf(name), name).toBeDefined();
  });
});

describe("bad shapes", () => {
  const graph = new Graph(), op = opsOf(graph), x = graph.input("x", "float32", [2, 3]), b = graph.input("b", "float32", ["B", 3]);
  const refused: [string, () => Value, RegExp][] = [
    ["broadcast", () => op.Add(x, graph.input("y", "float32", [4])), /Add: cannot broadcast \[2, 3\] with \[4\]: axis 1 is 3 and 4/],
    ["inner sizes", () => op.MatMul(x, x), /MatMul needs equal inner sizes, and got \[2, 3\] and \[2, 3\]: 3 is not 2/],
    ["element count", () => op.Reshape(x, { to: [5] }), /cannot reshape \[2, 3\] to \[5\]: 6 elements are not 5/],
    ["symbolic count", () => op.Reshape(b, { to: ["B", 4] }), /3·B elements are not 4·B/],
    ["element types", () => op.Add(x, graph.constant([1], "int64")), /element types differ: float32 and int64/],
    ["axis", () => op.Concat(x, { axis: 2 }), /axis 2 does not exist/],
  ];
  it.each(refused)("%s are refused with both sides named", (_, run, message) => expect(run).toThrow(message));
});

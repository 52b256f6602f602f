import { describe, expect, it } from "vitest";
import { checkOp, type Precision, runGraph, type Sample, sample, tensor } from "#tests/kit/check-op";
import { type Dim, Graph, type Shape, type Value } from "./graph";
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
/** Within (−1, 1). */
const inside = (x: number) => Math.tanh(x) * 0.9;
/** Halfway between whole numbers. */
const between = (x: number) => Math.floor(x) + 0.5;

const broadcasts: [number[], number[]][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[2, 3], []],
  [
    [1, 3],
    [2, 1],
  ],
];
const binary = (name: "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Min" | "Max"): Case[] =>
  broadcasts.map(([a, b]) => ({
    build: (op, x, y) => op[name](x as Value, y as Value),
    inputs: [sample(a, name === "Pow" ? positive : apart), sample(b, name === "Add" ? undefined : positive)],
  }));
type Unary = { [K in OpName]: Ops[K] extends (x: Value) => Value ? K : never }[OpName];
const unary = (name: Unary, map: Sample["map"] = apart, precision?: Precision, attrs = {}): Case[] =>
  [[2, 3], [4], []].map((shape) => ({
    build: (op, x) => (op[name] as (x: Value, attrs: object) => Value)(x as Value, attrs),
    inputs: [sample(shape, map)],
    precision,
  }));
type Reducing = Extract<OpName, `Reduce${string}`>;
const reducing = (name: Reducing, map: Sample["map"] = distinct): Case[] =>
  [undefined, [0], [-1], [0, 2]].flatMap((axes) =>
    [0, 1].map((keepdims) => ({
      build: (op: Ops, x: Value) => op[name](x, { axes, keepdims }),
      inputs: [sample([2, 3, 4], map)],
    })),
  ) as Case[];
const comparing = (name: "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Equal"): Case[] => [
  {
    build: (op, x, y) => op.Where(op[name](x as Value, y as Value), op.Mul(x as Value, y as Value), y as Value),
    inputs: [sample([2, 3]), sample([3])],
  },
];
const logical = (name: "And" | "Or" | "Xor"): Case[] => [
  {
    build: (op, x, y) => op[name](bools(op, x as Value), bools(op, y as Value)),
    inputs: [sample([2, 3]), sample([3])],
    gradient: false,
  },
];
const bools = (op: Ops, x: Value) => op.Greater(x, op.Mul(x, x));
const ids = (op: Ops, x: Value) => op.ArgMax(x, { axis: -1, keepdims: 0 });
/** One case for each set of attributes, on inputs of these shapes. */
const variants = <A>(
  list: readonly A[],
  build: (op: Ops, attrs: A, ...x: Value[]) => Value,
  ...inputs: Sample[]
): Case[] => list.map((attrs) => ({ build: (op, ...x) => build(op, attrs, ...x), inputs }));
const float32 = (list: readonly Case[]): Case[] => list.map((c) => ({ ...c, precision: "float32" }));

const pools = [
  { shape: [2, 3, 6, 7], kernel_shape: [2, 2], strides: [2, 2] },
  { shape: [2, 3, 6, 4], kernel_shape: [3, 2], strides: [3, 2] },
  { shape: [2, 2, 7, 6], kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  { shape: [1, 2, 6, 8], kernel_shape: [2, 3], strides: [2, 3], pads: [0, 1, 1, 0], ceil_mode: 1 },
  { shape: [1, 2, 9, 8], kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 0, 0, 1] },
  { shape: [2, 2, 9], kernel_shape: [3], strides: [4], ceil_mode: 1 },
  { shape: [1, 2, 4, 5, 4], kernel_shape: [2, 2, 3], pads: [0, 1, 1, 1, 0, 0] },
];
const pooling = (name: "AveragePool" | "MaxPool", more = {}): Case[] =>
  pools.map(({ shape, ...attrs }) => ({
    build: (op, x) => op[name](x as Value, { ...attrs, ...more }),
    ...(name === "MaxPool" ? { inputs: [sample(shape, distinct)] } : { inputs: [sample(shape)], precision: "float32" }),
  }));
const scattering = (["none", "add", "mul", "max", "min"] as const).map((reduction) => ({ reduction }));
/** Two zeros among the factors. */
const zeros = (x: number, i: number) => (i === 1 || i === 4 || i === 7 ? 0 : apart(x));

const convolutions = [
  [[2, 3, 7, 6], [4, 3, 3, 2], {}],
  [[1, 4, 8, 7], [6, 2, 3, 3], { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 3, 9, 9], [3, 1, 3, 3], { group: 3, dilations: [2, 2], pads: [2, 2, 2, 2] }],
  [[2, 2, 10], [3, 2, 4], { strides: [3], pads: [1, 0] }],
  [[1, 2, 8, 8], [5, 2, 4, 4], { strides: [4, 4] }],
  [[2, 4, 6, 5], [4, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1], dilations: [1, 2] }],
  [[2, 2, 7, 7], [4, 1, 3, 3], { group: 2, strides: [2, 2], pads: [0, 1, 1, 0] }],
  [[2, 5, 4, 4], [3, 5, 1, 1], {}],
  [[2, 3, 5, 6], [2, 3, 1, 1], { strides: [2, 2] }],
  [[2, 1, 6, 6], [2, 1, 3, 3], { pads: [2, 2, 2, 2] }],
  [[1, 2, 4, 5, 4], [3, 2, 2, 3, 2], { pads: [0, 1, 0, 1, 1, 1], strides: [1, 2, 1] }],
] as const;
const transposed = [
  [[2, 3, 4, 5], [3, 2, 3, 2], {}],
  [[1, 4, 4, 4], [4, 3, 3, 3], { group: 2, strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }],
  [[2, 3, 5], [3, 2, 3], { dilations: [2], pads: [1, 2] }],
  [[2, 4, 3, 3], [4, 1, 2, 2], { group: 4, strides: [2, 2] }],
  [[1, 2, 3, 2, 3], [2, 2, 2, 2, 2], { strides: [2, 1, 2] }],
] as const;
const resizes = [
  { sizes: [7, 5], axes: [2, 3], mode: "linear" },
  { sizes: [3, 9], axes: [2, 3], mode: "linear", coordinate_transformation_mode: "align_corners" },
  { scales: [1.5, 2], axes: [2, 3], mode: "linear", coordinate_transformation_mode: "asymmetric" },
  { sizes: [1, 7], axes: [2, 3], mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" },
  { scales: [0.7, 1.7], axes: [2, 3], mode: "linear", coordinate_transformation_mode: "half_pixel_symmetric" },
  { sizes: [7, 11], axes: [2, 3], mode: "cubic" },
  { sizes: [3, 9], axes: [2, 3], mode: "cubic", coordinate_transformation_mode: "align_corners", cubic_coeff_a: -0.5 },
  { sizes: [8, 3], axes: [2, 3], mode: "cubic", exclude_outside: 1 },
  { sizes: [2, 3], axes: [2, 3], mode: "linear", antialias: 1 },
  { sizes: [3, 2], axes: [2, 3], mode: "linear", antialias: 1, exclude_outside: 1 },
  { sizes: [2, 9], axes: [2, 3], mode: "cubic", antialias: 1, cubic_coeff_a: -0.5 },
  {
    scales: [2, 3],
    axes: [2, 3],
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  },
  { sizes: [7, 4], axes: [2, 3], mode: "nearest" },
  { sizes: [9, 4], axes: [2, 3], mode: "nearest", nearest_mode: "round_prefer_ceil" },
  { sizes: [2, 3, 4, 9], mode: "nearest", nearest_mode: "ceil", coordinate_transformation_mode: "asymmetric" },
] as const;

/** The one table: every op, over the shapes that matter. An op without a case does not compile. */
const cases: Record<OpName, Case[]> = {
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div"),
  Min: binary("Min"),
  Max: binary("Max"),
  Pow: [
    ...binary("Pow"),
    {
      build: (op, x) => op.Pow(x as Value, op.ArgMax(op.StopGradient(x as Value), { axis: 1 })),
      inputs: [sample([2, 3], positive)],
    },
  ],
  Mod: [
    {
      build: (op, x, y) => op.Mod(x as Value, y as Value, { fmod: 1 }),
      inputs: [
        sample([2, 3], (x, i) => (i % 2 ? 1 : -1) * (2.3 + (x % 0.3))),
        sample([3], (x, i) => 0.9 + i / 5 + (x % 0.03)),
      ],
    },
  ],
  RotaryEmbedding: [4, 2].map((width) => ({
    build: (op, x) => {
      const indices = (to: number[]) => op.ArgMax(op.Reshape(x as Value, { to }), { axis: -1, keepdims: 0 });
      const angles = op.Cast(indices([12, width / 2, 12 / width]), { dtype: "float32" });
      return op.RotaryEmbedding(x as Value, indices([2, 3, 12]), op.Cos(angles), op.Sin(angles), {
        num_heads: 3,
        rotary_embedding_dim: width,
      });
    },
    inputs: [sample([2, 3, 12])],
    precision: "float32",
  })),
  GroupQueryAttention: [
    {
      build: (op, ...x) => {
        const [q, k, v, keys, values, lengths, total] = x as [Value, Value, Value, Value, Value, Value, Value];
        const counts = [lengths, total].map((n) => op.Cast(n, { dtype: "int32" }));
        return op.GroupQueryAttention(q, k, v, keys, values, ...counts, { num_heads: 4, kv_num_heads: 2, scale: 0.5 });
      },
      inputs: [
        sample([2, 1, 32]),
        ...[1, 2].map(() => sample([2, 1, 16])),
        ...[1, 2].map(() => sample([2, 2, 3, 8])),
        sample([2], (_, i) => i + 1),
        sample([], () => 3),
      ],
      precision: "float32",
      gradient: false,
    },
  ],
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Sign: unary("Sign"),
  Floor: unary("Floor", between),
  Ceil: unary("Ceil", between),
  Round: unary("Round", (x) => between(x) + 0.2),
  Reciprocal: unary("Reciprocal"),
  Sqrt: unary("Sqrt", positive),
  Exp: unary("Exp"),
  Log: unary("Log", positive),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Tan: unary("Tan", inside, "float32"),
  Asin: unary("Asin", inside, "float32"),
  Acos: unary("Acos", inside, "float32"),
  Atan: unary("Atan", apart, "float32"),
  Sinh: unary("Sinh", apart, "float32"),
  Cosh: unary("Cosh", apart, "float32"),
  Erf: unary("Erf", apart, "float32"),
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Identity: unary("Identity"),
  Relu: unary("Relu"),
  LeakyRelu: [...unary("LeakyRelu", apart, "float32"), ...unary("LeakyRelu", apart, "float32", { alpha: 0.3 })],
  Elu: unary("Elu", apart, "float32", { alpha: 0.7 }),
  Celu: unary("Celu", apart, "float32", { alpha: 0.7 }),
  Selu: [...unary("Selu", apart, "float32"), ...unary("Selu", apart, "float32", { alpha: 1.5, gamma: 0.8 })],
  ThresholdedRelu: unary("ThresholdedRelu", spread, "float32", { alpha: 3 }),
  PRelu: (
    [
      [
        [2, 3, 4],
        [3, 1],
      ],
      [[2, 3], []],
      [
        [2, 3],
        [2, 3],
      ],
    ] as const
  ).map(([x, slope]) => ({
    build: (op, ...v) => op.PRelu(...v),
    inputs: [sample(x, apart), sample(slope)],
    precision: "float32",
  })),
  Softplus: unary("Softplus", apart, "float32"),
  Softsign: unary("Softsign", apart, "float32"),
  Mish: unary("Mish", apart, "float32"),
  Swish: [...unary("Swish"), ...unary("Swish", apart, "float64", { alpha: 1.702 })],
  HardSwish: unary("HardSwish", spread, "float32"),
  HardSigmoid: [
    ...unary("HardSigmoid", (x) => spread(x) / 1.2, "float32"),
    ...unary("HardSigmoid", spread, "float32", { alpha: 1 / 6, beta: 0.5 }),
  ],
  Gelu: (["none", "tanh"] as const).flatMap((approximate) => unary("Gelu", apart, "float32", { approximate })),
  Clip: [
    {
      build: (op, x, a, b) => op.Clip(x as Value, a as Value, b as Value),
      inputs: [sample([3, 4], apart), sample([], () => -0.55), sample([], () => 0.65)],
    },
  ],
  StopGradient: [{ build: (op, x) => op.StopGradient(x as Value), inputs: [sample([2])], gradient: false }],
  Dropout: [
    [2, 3],
    [2, 1],
  ].map((keep) => ({
    build: (op, x, m) =>
      op.Dropout(x as Value, op.Greater(op.StopGradient(m as Value), op.StopGradient(op.Mul(m as Value, m as Value))), {
        ratio: 0.2,
      }),
    inputs: [sample([2, 3]), sample(keep, (_, i) => (i % 2 ? 0.5 : -0.5))],
  })),
  Greater: comparing("Greater"),
  GreaterOrEqual: comparing("GreaterOrEqual"),
  Less: comparing("Less"),
  LessOrEqual: comparing("LessOrEqual"),
  Equal: comparing("Equal"),
  And: logical("And"),
  Or: logical("Or"),
  Xor: logical("Xor"),
  Not: [
    {
      build: (op, x) => op.Where(op.Not(bools(op, x as Value)), x as Value, op.Mul(x as Value, x as Value)),
      inputs: [sample([2, 3])],
    },
  ],
  IsNaN: [
    {
      build: (op, x) => op.Where(op.IsNaN(op.Log(x as Value)), op.Mul(x as Value, x as Value), x as Value),
      inputs: [sample([2, 3], apart)],
    },
  ],
  IsInf: variants(
    [{}, { detect_positive: 0 }, { detect_negative: 0 }],
    (op, attrs, x) => op.Where(op.IsInf(op.Div(x, op.Sub(x, x)), attrs), op.Mul(x, x), x),
    sample([2, 3], apart),
  ),
  Where: broadcasts.map(([a, b]) => ({
    build: (op, x, y) => op.Where(bools(op, x as Value), x as Value, y as Value),
    inputs: [sample(a, apart), sample(b)],
  })),
  Cast: [
    {
      build: (op, x) => op.Cast(op.Mul(x as Value, x as Value), { dtype: "float32" }),
      inputs: [sample([2, 3])],
      precision: "float32",
    },
  ],

  ReduceSum: reducing("ReduceSum"),
  ReduceMean: reducing("ReduceMean"),
  ReduceMax: reducing("ReduceMax"),
  ReduceMin: reducing("ReduceMin"),
  ReduceL1: reducing("ReduceL1", apart),
  ReduceL2: reducing("ReduceL2"),
  ReduceSumSquare: reducing("ReduceSumSquare"),
  ReduceLogSum: reducing("ReduceLogSum", positive),
  ReduceLogSumExp: reducing("ReduceLogSumExp"),
  ReduceProd: [...reducing("ReduceProd", apart), ...reducing("ReduceProd", zeros)],
  Softmax: [-1, 1, 0].map((axis) => ({
    build: (op, x) => op.Softmax(x as Value, { axis }),
    inputs: [sample([2, 3, 4])],
  })),
  LogSoftmax: [-1, 1, 0].map((axis) => ({
    build: (op, x) => op.LogSoftmax(x as Value, { axis }),
    inputs: [sample([2, 3, 4])],
  })),
  CumSum: [{}, { exclusive: 1 }, { reverse: 1 }].map((attrs) => ({
    build: (op, x) => op.CumSum(x as Value, { along: 1, ...attrs }),
    inputs: [sample([2, 4])],
  })),
  ArgMax: [{ build: (op, x) => op.ArgMax(x as Value, { axis: -1 }), inputs: [sample([2, 5])], gradient: false }],
  ArgMin: [
    { build: (op, x) => op.ArgMin(x as Value, { axis: 0, keepdims: 0 }), inputs: [sample([2, 5])], gradient: false },
  ],
  TopK: [
    { build: (op, x) => op.TopK(x as Value, { k: [2], axis: -1 }), inputs: [sample([3, 5], distinct)] },
    { build: (op, x) => op.TopK(x as Value, { k: [1], axis: 0, largest: 0 }), inputs: [sample([3, 2], distinct)] },
  ],

  MatMul: (
    [
      [
        [2, 3],
        [3, 4],
      ],
      [
        [5, 2, 3],
        [3, 4],
      ],
      [
        [5, 2, 3],
        [5, 3, 4],
      ],
      [
        [2, 1, 2, 3],
        [5, 3, 4],
      ],
      [
        [2, 3],
        [5, 3, 4],
      ],
    ] as [number[], number[]][]
  ).map(([a, b]) => ({ build: (op, x, y) => op.MatMul(x as Value, y as Value), inputs: [sample(a), sample(b)] })),
  Gemm: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ].flatMap(([transA = 0, transB = 0]) =>
    [[4], [2, 4], [2, 1]].map((c) => ({
      build: (op: Ops, ...[x, y, z]: Value[]) =>
        op.Gemm(x as Value, y as Value, z as Value, { transA, transB, alpha: 0.5, beta: 2 }),
      inputs: [sample(transA ? [3, 2] : [2, 3]), sample(transB ? [4, 3] : [3, 4]), sample(c)],
    })),
  ),
  Einsum: (
    [
      ["ij,jk->ik", [2, 3], [3, 4]],
      ["bhqd,bhkd->bhqk", [2, 2, 3, 4], [2, 2, 5, 4]],
      ["...ij,jk->...ik", [2, 5, 2, 3], [3, 4]],
      ["...i,...i->...", [2, 3, 4], [1, 3, 4]],
      ["ij->ji", [2, 3]],
      ["ij,kj", [2, 3], [4, 3]],
      ["bi,bi,b->b", [3, 2], [3, 2], [3]],
      ["ijk->j", [2, 3, 4]],
      ["i,j->ij", [2], [3]],
      ["ij,jk->ik", [2, 1], [3, 4]],
      ["b...d, d -> ...b", [2, 3, 4, 5], [5]],
      ["ij->", [2, 3]],
    ] as const
  ).map(([equation, ...shapes]) => ({
    build: (op, ...x) => op.Einsum(...x, { equation }),
    inputs: shapes.map((shape) => sample(shape)),
  })),

  Reshape: [{ build: (op, x) => op.Reshape(x as Value, { to: [3, 4] }), inputs: [sample([2, 6])] }],
  Expand: [{ build: (op, x) => op.Expand(x as Value, { to: [2, 3, 4] }), inputs: [sample([3, 1])] }],
  Transpose: [
    [0, 2, 1],
    [2, 0, 1],
  ].map((perm) => ({ build: (op, x) => op.Transpose(x as Value, { perm }), inputs: [sample([2, 3, 4])] })),
  Concat: [
    { build: (op, ...x) => op.Concat(...x, { axis: 1 }), inputs: [sample([2, 1]), sample([2, 3]), sample([2, 2])] },
  ],
  Slice: (
    [
      [[1], [3], [1], [1]],
      [[-3], [99], [1], [2]],
      [
        [0, 1],
        [2, 6],
        [0, 1],
        [1, 3],
      ],
      [[-1], [-99], [1], [-1]],
      [
        [5, 0],
        [0, 2],
        [1, 0],
        [-2, 1],
      ],
      [[99], [1], [-1], [-3]],
    ] as const
  ).map(([starts, ends, axes, steps]) => ({
    build: (op, x) => op.Slice(x as Value, { starts, ends, axes, steps }),
    inputs: [sample([3, 7])],
  })),
  Pad: [
    ...variants(
      [
        [1, 0, 0, 2],
        [0, -1, 2, 0],
        [-1, 1, 0, -2],
      ],
      (op, pads, x) => op.Pad(x, { pads }),
      sample([3, 4]),
    ),
    ...variants(
      [
        [1, 0, 0, 2],
        [2, -1, 0, 1],
      ],
      (op, pads, x, value) => op.Pad(x, value, { pads }),
      sample([2, 3]),
      sample([]),
    ),
    ...variants(
      (["reflect", "edge", "wrap"] as const).flatMap((mode) =>
        [
          [1, 2, 2, 3],
          [0, 0, 2, 0],
          [0, 3, 0, 0],
        ].map((pads) => ({ mode, pads })),
      ),
      (op, attrs, x) => op.Pad(x, attrs),
      sample([3, 4]),
    ),
  ],
  Tile: [{ build: (op, x) => op.Tile(x as Value, { repeats: [2, 3] }), inputs: [sample([2, 3])] }],
  Trilu: variants(
    [{ upper: 0 }, { upper: 1 }, { upper: 0, k: 1 }, { k: -1 }],
    (op, attrs, x) => op.Trilu(x, attrs),
    sample([2, 3, 4]),
  ),
  EyeLike: [{ build: (op, x) => op.Mul(op.EyeLike(x as Value), x as Value), inputs: [sample([3, 3])] }],
  DepthToSpace: variants(
    [{}, { mode: "DCR" }, { mode: "CRD" }] as const,
    (op, attrs, x) => op.DepthToSpace(x, { blocksize: 2, ...attrs }),
    sample([2, 12, 2, 3]),
  ),
  SpaceToDepth: variants([2, 3], (op, blocksize, x) => op.SpaceToDepth(x, { blocksize }), sample([2, 3, 6, 12])),

  Gather: [0, 1, -1].map((axis) => ({
    build: (op, x, y) => op.Gather(x as Value, ids(op, op.StopGradient(y as Value)), { axis }),
    inputs: [sample([3, 4, 5]), sample([2, 6, 3])],
  })),
  GatherElements: [
    {
      build: (op, x, y) =>
        op.GatherElements(x as Value, op.ArgMax(op.StopGradient(y as Value), { axis: 1 }), { axis: 1 }),
      inputs: [sample([4, 3]), sample([4, 3])],
    },
  ],
  GatherND: [
    {
      build: (op, x, y) => op.GatherND(x as Value, op.ArgMax(op.StopGradient(y as Value), { axis: 1 })),
      inputs: [sample([3, 4]), sample([5, 3])],
    },
    {
      build: (op, x, y) => op.GatherND(x as Value, ids(op, op.StopGradient(y as Value))),
      inputs: [sample([3, 4, 2]), sample([5, 2, 3])],
    },
    {
      build: (op, x, y) => op.GatherND(x as Value, ids(op, op.StopGradient(y as Value)), { batch_dims: 1 }),
      inputs: [sample([2, 3, 4]), sample([2, 5, 1, 3])],
    },
    {
      build: (op, x, y) => op.GatherND(x as Value, ids(op, op.StopGradient(y as Value)), { batch_dims: 2 }),
      inputs: [sample([2, 3, 4]), sample([2, 3, 1, 4])],
    },
  ],
  ScatterElements: [
    ...variants(
      scattering,
      (op, attrs, x, i, u) =>
        op.ScatterElements(x, op.ArgMax(op.StopGradient(i), { axis: 1 }), u, { axis: 1, ...attrs }),
      sample([4, 3], distinct),
      sample([4, 3]),
      sample([4, 1], apart),
    ),
    // Several updates of one element; replacing takes none of them for sure.
    ...float32(
      variants(
        scattering.slice(1),
        (op, attrs, x, i, u) =>
          op.ScatterElements(x, op.ArgMax(op.StopGradient(i), { axis: 0 }), u, { axis: 0, ...attrs }),
        sample([1, 3], apart),
        sample([1, 3], () => 1),
        sample([1, 3], distinct),
      ),
    ),
    ...variants(
      [{ reduction: "mul" }] as const,
      (op, attrs, x, i, u) => op.ScatterElements(x, ids(op, op.StopGradient(i)), u, { axis: 0, ...attrs }),
      sample([4], apart),
      sample([8, 4], apart),
      sample([8], zeros),
    ),
  ],
  ScatterND: [
    ...variants(
      scattering.slice(1),
      (op, attrs, x, i, u) => op.ScatterND(x, op.ArgMax(op.StopGradient(i), { axis: 1 }), u, attrs),
      sample([4, 3], distinct),
      sample([5, 4]),
      sample([5, 3], apart),
    ),
    {
      build: (op, x, i, u) => op.ScatterND(x as Value, op.ArgMax(op.StopGradient(i as Value), { axis: 1 }), u as Value),
      inputs: [sample([4, 3]), sample([2, 4], (_, i) => (i === 3 || i === 5 ? 1 : 0)), sample([2, 3])],
    },
  ],
  OneHot: [
    [-1, 5],
    [0, 2],
    [1, 3],
  ].map(([axis, depth]) => ({
    build: (op, x, values) =>
      op.OneHot(ids(op, op.StopGradient(x as Value)), values as Value, { depth: depth as number, axis }),
    inputs: [sample([4, 3, 5]), sample([2])],
    precision: "float32",
  })),

  Conv: convolutions.map(([x, w, attrs]) => ({
    build: (op: Ops, ...v: Value[]) => op.Conv(...v, attrs),
    inputs: [sample(x), sample(w), sample([w[0]])],
    precision: "float32",
  })),
  ConvTranspose: transposed.map(([x, w, attrs]) => ({
    build: (op: Ops, ...v: Value[]) => op.ConvTranspose(...v, attrs),
    inputs: [sample(x), sample(w), sample([w[1] * ("group" in attrs ? attrs.group : 1)])],
    precision: "float32",
  })),
  AveragePool: [...pooling("AveragePool"), ...pooling("AveragePool", { count_include_pad: 1 })],
  MaxPool: pooling("MaxPool"),
  GlobalAveragePool: [
    { build: (op, x) => op.GlobalAveragePool(x as Value), inputs: [sample([2, 3, 4, 5])], precision: "float32" },
  ],
  GlobalMaxPool: [
    [2, 3, 4, 5],
    [2, 3, 6],
  ].map((shape) => ({
    build: (op, x) => op.GlobalMaxPool(x as Value),
    inputs: [sample(shape, distinct)],
    precision: "float32",
  })),
  Resize: float32(variants(resizes, (op, attrs, x) => op.Resize(x, attrs), sample([2, 3, 4, 5]))),

  LayerNormalization: (
    [
      [[2, 3, 8], -1],
      [[5, 4], -1],
      [[2, 3, 4], 1],
    ] as const
  ).flatMap(([shape, axis]) =>
    [1, 2].map((given): Case => {
      const normalized = sample(shape.slice(axis));
      return {
        build: (op, ...x) => op.LayerNormalization(...x, { axis, epsilon: 1e-5 }),
        inputs: [sample(shape), normalized, normalized].slice(0, 1 + given),
        precision: "float32",
      };
    }),
  ),
  RMSNormalization: (
    [
      [[2, 3, 8], -1],
      [[2, 3, 4], 1],
    ] as const
  ).map(([shape, axis]) => ({
    build: (op, ...x) => op.RMSNormalization(...x, { axis, epsilon: 1e-5 }),
    inputs: [sample(shape), sample(shape.slice(axis))],
  })),
  SimplifiedLayerNormalization: [
    { build: (op, ...x) => op.SimplifiedLayerNormalization(...x), inputs: [sample([3, 5]), sample([5])] },
  ],
  LpNormalization: [1, 2].flatMap((p) =>
    [-1, 1].map((axis) => ({
      build: (op: Ops, x: Value) => op.LpNormalization(x, { p, axis }),
      inputs: [sample([2, 3, 4], apart)],
    })),
  ) as Case[],
  BatchNormalization: [
    [4, 3],
    [2, 3, 5],
    [2, 3, 4, 2],
  ].map((shape) => ({
    build: (op, ...x) => op.BatchNormalization(...x, { epsilon: 1e-3 }),
    inputs: [sample(shape), sample([3]), sample([3]), sample([3]), sample([3], positive)],
  })),
  TrainingBatchNormalization: [
    [4, 3],
    [2, 3, 5],
    [2, 3, 4, 2],
  ].map((shape) => ({
    build: (op, x, scale, bias) => {
      const axes = shape.flatMap((_, i) => (i === 1 ? [] : [i]));
      const mean = op.ReduceMean(x as Value, { axes });
      const far = op.Sub(x as Value, mean);
      const flat = (v: Value) => op.Reshape(v, { to: [3] });
      return op.TrainingBatchNormalization(
        x as Value,
        scale as Value,
        bias as Value,
        flat(mean),
        flat(op.ReduceMean(op.Mul(far, far), { axes })),
        { epsilon: 1e-3 },
      );
    },
    inputs: [sample(shape), sample([3]), sample([3])],
  })),
  GroupNormalization: float32(
    variants(
      [1, 2, 4],
      (op, num_groups, ...x) => op.GroupNormalization(...x, { num_groups }),
      sample([2, 4, 3, 2]),
      sample([4]),
      sample([4]),
    ),
  ),
  InstanceNormalization: [
    [2, 3, 4],
    [2, 3, 4, 2],
  ].map((shape) => ({
    build: (op, ...x) => op.InstanceNormalization(...x, { epsilon: 1e-3 }),
    inputs: [sample(shape), sample([3]), sample([3])],
    precision: "float32",
  })),
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

describe("symbolic sizes", () => {
  /** What is inferred for sizes that are not known; "*" is any. The runtime is asked with B = 2, T = 5, H = 6. */
  const open: [string, (op: Ops, ...x: Value[]) => Value, Shape[], Shape][] = [
    [
      "Conv keeps a size that it does not change",
      (op, x, w) => op.Conv(x, w, { pads: [1, 0, 1, 0] }),
      [
        ["B", 3, "H", 8],
        [4, 3, 3, 1],
      ],
      ["B", 4, "H", 8],
    ],
    [
      "Conv with strides",
      (op, x, w) => op.Conv(x, w, { strides: [2, 2] }),
      [
        ["B", 3, "H", 8],
        [4, 3, 2, 2],
      ],
      ["B", 4, "*", 4],
    ],
    [
      "ConvTranspose",
      (op, x, w) => op.ConvTranspose(x, w, { strides: [2, 2] }),
      [
        ["B", 3, "H", 8],
        [3, 4, 2, 2],
      ],
      ["B", 4, "*", 16],
    ],
    [
      "MaxPool",
      (op, x) => op.MaxPool(x, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
      [["B", 3, "H", 8]],
      ["B", 3, "*", 4],
    ],
    ["AveragePool", (op, x) => op.AveragePool(x, { kernel_shape: [3], pads: [1, 1] }), [["B", 3, "T"]], ["B", 3, "T"]],
    [
      "Einsum",
      (op, a, b) => op.Einsum(a, b, { equation: "bqd,bkd->bqk" }),
      [
        ["B", "T", 4],
        ["B", 7, 4],
      ],
      ["B", "T", 7],
    ],
    [
      "Resize by factors",
      (op, x) => op.Resize(x, { scales: [2, 1], axes: [2, 3], mode: "linear" }),
      [["B", 3, "H", 8]],
      ["B", 3, "*", 8],
    ],
    [
      "Resize to sizes",
      (op, x) => op.Resize(x, { sizes: [4, 4], axes: [2, 3], mode: "cubic" }),
      [["B", 3, "H", 8]],
      ["B", 3, 4, 4],
    ],
    [
      "Slice up to one before the end",
      (op, x) => op.Slice(x, { starts: [0], ends: [-1], axes: [1] }),
      [["B", "T"]],
      ["B", "*"],
    ],
    ["Slice of a part", (op, x) => op.Slice(x, { starts: [1], ends: [2 ** 31], axes: [1] }), [["B", "T"]], ["B", "*"]],
    [
      "Slice of the whole",
      (op, x) => op.Slice(x, { starts: [0], ends: [2 ** 31], axes: [1] }),
      [["B", "T"]],
      ["B", "T"],
    ],
    [
      "GatherND",
      (op, x, i) => op.GatherND(x, op.ArgMax(i, { axis: 2 }), { batch_dims: 1 }),
      [
        ["B", 3, 4],
        ["B", "T", 3],
      ],
      ["B", "T", 4],
    ],
    [
      "OneHot",
      (op, x, v) => op.OneHot(op.ArgMax(x, { axis: 1, keepdims: 0 }), v, { depth: 4 }),
      [["B", 4, "T"], [2]],
      ["B", "T", 4],
    ],
    [
      "GroupNormalization",
      (op, ...x) => op.GroupNormalization(...x, { num_groups: 2 }),
      [["B", 4, 3], [4], [4]],
      ["B", 4, 3],
    ],
    ["RMSNormalization", (op, ...x) => op.RMSNormalization(...x), [["B", "T", 4], [4]], ["B", "T", 4]],
    [
      "BatchNormalization",
      (op, ...x) => op.BatchNormalization(...x),
      [["B", 4, "T"], [4], [4], [4], [4]],
      ["B", 4, "T"],
    ],
    ["DepthToSpace", (op, x) => op.DepthToSpace(x, { blocksize: 2 }), [["B", 8, "H", 3]], ["B", 2, "*", 6]],
    ["Pad", (op, x) => op.Pad(x, { pads: [0, 1, 0, 1], mode: "edge" }), [["B", 4]], ["B", 6]],
  ];
  it.each(open)("%s", async (_, build, shapes, expected) => {
    const sizes: Record<string, number> = { B: 2, T: 5, H: 6 };
    const size = (d: Dim) => (typeof d === "string" ? (sizes[d] ?? d) : d);
    const graph = new Graph();
    const inputs = shapes.map((shape, i) => graph.input(`x${i}`, "float32", shape));
    const y = build(opsOf(graph), ...inputs);
    expect(y.shape).toEqual(expected);
    graph.output("y", y);
    const tensors = shapes.map((shape, i) => [
      `x${i}`,
      tensor(
        "float32",
        Array.from({ length: shape.reduce<number>((n, d) => n * (size(d) as number), 1) }, (_, k) => 1 + (k % 3)),
        shape.map(size) as number[],
      ),
    ]);
    const { dims } = (await runGraph(graph, Object.fromEntries(tensors))).y as { dims: readonly number[] };
    expect(dims.map((d, i) => (expected[i] === "*" ? "*" : d))).toEqual(expected.map(size));
  });
});

describe("bad shapes", () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const x = graph.input("x", "float32", [2, 3]);
  const b = graph.input("b", "float32", ["B", 3]);
  const refused: [string, () => Value, RegExp][] = [
    [
      "broadcast",
      () => op.Add(x, graph.input("y", "float32", [4])),
      /Add: cannot broadcast \[2, 3\] with \[4\]: axis 1 is 3 and 4/,
    ],
    ["inner sizes", () => op.MatMul(x, x), /MatMul needs equal inner sizes, and got \[2, 3\] and \[2, 3\]: 3 is not 2/],
    ["element count", () => op.Reshape(x, { to: [5] }), /cannot reshape \[2, 3\] to \[5\]: 6 elements are not 5/],
    ["symbolic count", () => op.Reshape(b, { to: ["B", 4] }), /3·B elements are not 4·B/],
    ["element types", () => op.Add(x, graph.constant([1], "int64")), /element types differ: float32 and int64/],
    ["axis", () => op.Concat(x, { axis: 2 }), /axis 2 does not exist/],
    [
      "a diagonal",
      () => op.Einsum(x, { equation: "ii->i" }),
      /Einsum: the equation "ii->i" names "i" twice in "ii": take the diagonal/,
    ],
    ["labels", () => op.Einsum(x, x, { equation: "ij,jk->ik" }), /"j" of "ij,jk->ik" is 3 and 2/],
    ["operands", () => op.Einsum(x, { equation: "ij,jk->ik" }), /has 2 operands, and 1 came/],
    [
      "an empty slice",
      () => op.Slice(x, { starts: [2], ends: [0], axes: [0] }),
      /the slice 2:0:1 of axis 0 of \[2, 3\] is empty/,
    ],
    ["channels", () => op.GroupNormalization(x, x, x, { num_groups: 2 }), /3 channels cannot be cut into 2 groups/],
    [
      "masks",
      () => op.Dropout(x, x, { ratio: 0.1 }),
      /a bool mask that fits \[2, 3\] is expected, and float32 \[2, 3\] came/,
    ],
    ["pads", () => op.Pad(x, { pads: [1, 1] }), /4 pads are expected for \[2, 3\], and 2 came/],
  ];
  it.each(refused)("%s are refused with both sides named", (_, run, message) => expect(run).toThrow(message));
});

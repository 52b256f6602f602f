/** Activation functions by the names that configurations give them (transformers, activations.py). */
import type { Ops } from "../onnx/ops/index";
import type { Value } from "../onnx/graph";
import type { Builder } from "./builder";

type Activate = (op: Ops, x: Value, constant: Builder["constant"]) => Value;

const gelu: Activate = (op, x) => op.Gelu(x);
const geluTanh: Activate = (op, x) => op.Gelu(x, { approximate: "tanh" });
const silu: Activate = (op, x) => op.Swish(x);

/** As transformers rounds them: √½, and √(1 / 4π). */
const laplaceMean = 707107e-6;
const laplaceDeviation = 282095e-6;

const table = {
  gelu,
  gelu_python: gelu,
  gelu_10: (op, x, constant) => op.Clip(op.Gelu(x), constant([-10]), constant([10])),
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu_tanh: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  quick_gelu: (op, x) => op.Swish(x, { alpha: 1.702 }),
  silu,
  swish: silu,
  mish: (op, x) => op.Mish(x),
  hardswish: (op, x) => op.HardSwish(x),
  relu: (op, x) => op.Relu(x),
  relu2: (op, x) => op.Mul(op.Relu(x), op.Relu(x)),
  relu6: (op, x, constant) => op.Clip(x, constant([0]), constant([6])),
  leaky_relu: (op, x) => op.LeakyRelu(x, { alpha: 0.01 }),
  elu: (op, x) => op.Elu(x),
  selu: (op, x) => op.Selu(x, { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  sigmoid: (op, x) => op.Sigmoid(x),
  tanh: (op, x) => op.Tanh(x),
  softplus: (op, x) => op.Softplus(x),
  sqrtsoftplus: (op, x) => op.Sqrt(op.Softplus(x)),
  laplace(op, x, constant) {
    const z = op.Div(op.Sub(x, constant([laplaceMean])), constant([laplaceDeviation * Math.SQRT2]));
    return op.Mul(op.Add(op.Erf(z), constant([1])), constant([0.5]));
  },
  linear: (_op, x) => x,
} satisfies Record<string, Activate>;

export type ActivationName = keyof typeof table;
export const activationNames = Object.keys(table) as [ActivationName, ...ActivationName[]];

/** CLIP's own is quick_gelu, x·σ(1.702x); gelu is the exact one of BERT and ViT. */
export function activate({ op, constant }: Builder, kind: ActivationName, x: Value): Value {
  const apply: Activate = table[kind];
  return apply(op, x, constant);
}

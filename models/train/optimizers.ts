import type { Value } from "../onnx/graph";
import type { Ops } from "../onnx/ops/index";

/** AdamW with decoupled decay: Loshchilov & Hutter 2019, in the order of torch.optim.AdamW (decay first, then the Adam step). */
export interface AdamW {
  kind: "adamw";
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
}
/** SGD with heavy-ball or Nesterov momentum, and decay as L2, as torch.optim.SGD. */
export interface Sgd {
  kind: "sgd";
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
}
/** Lion: Chen et al. 2023, algorithm 2. */
export interface Lion {
  kind: "lion";
  beta1: number;
  beta2: number;
  weightDecay: number;
}
/** Adam with decay as L2, added to the gradient: Kingma & Ba 2015, as torch.optim.Adam. */
export type Adam = Omit<AdamW, "kind"> & { kind: "adam" };
/** LAMB: You et al. 2020, algorithm 2, with bias correction; the step of each tensor is as long as the tensor, times the learning rate. */
export type Lamb = Omit<AdamW, "kind"> & { kind: "lamb" };
/** LARS: You et al. 2017, algorithm 1; 1-D tensors keep the plain learning rate. */
export interface Lars {
  kind: "lars";
  momentum: number;
  weightDecay: number;
  /** η of the paper. */
  trust: number;
}
export type Optimizer = AdamW | Adam | Sgd | Lion | Lamb | Lars;
export const optimizerKinds = ["adamw", "adam", "sgd", "lion", "lamb", "lars"] as const satisfies readonly Optimizer["kind"][];

export interface Update {
  op: Ops;
  scalar(n: number): Value;
  /** A float64 constant. */
  double(n: number): Value;
  param: Value;
  grad: Value;
  /** Learning rate and 1-based step, both inputs of the graph: nothing recompiles when they change. */
  lr: Value;
  step: Value;
  slots: Record<string, Value>;
  /** Whether this parameter decays: gains, biases and other 1-D tensors do not. */
  decays: boolean;
}
interface Rule<S> {
  /** State kept for each parameter, of its shape, zero at first. */
  slots(spec: S): readonly string[];
  update(spec: S, c: Update): { param: Value; slots: Record<string, Value> };
}

/** a·x + b·y */
const mix = ({ op, scalar }: Update, a: number, x: Value, b: number, y: Value): Value => op.Add(op.Mul(x, scalar(a)), op.Mul(y, scalar(b)));
const slot = (c: Update, name: string): Value => c.slots[name] as Value;
/** param·(1 − lr·decay) */
const decayed = (c: Update, rate: number): Value =>
  c.decays && rate > 0 ? c.op.Mul(c.param, c.op.Sub(c.scalar(1), c.op.Mul(c.lr, c.scalar(rate)))) : c.param;

const length = ({ op }: Update, x: Value): Value => op.ReduceL2(x, { keepdims: 0 });
/** ‖a‖ / ‖b‖, or 1 where either is 0. */
function trustRatio(c: Update, a: Value, b: Value): Value {
  const { op, scalar } = c, both = op.And(op.Greater(a, scalar(0)), op.Greater(b, scalar(0)));
  return op.Where(both, op.Div(a, op.Where(both, b, scalar(1))), scalar(1));
}

/** Adam's two moments, and the step m̂ / (√v̂ + ε) they ask for; `rate` scales it on the way. */
function adam({ beta1, beta2, eps }: Pick<AdamW, "beta1" | "beta2" | "eps">, c: Update, grad: Value, rate: Value): { step: Value; slots: { m: Value; v: Value } } {
  const { op, scalar, double, step } = c;
  const m = mix(c, beta1, slot(c, "m"), 1 - beta1, grad), v = mix(c, beta2, slot(c, "v"), 1 - beta2, op.Mul(grad, grad));
  // The corrections are moved onto scalars: they are computed once, not per element, and in float64, since 1 − βᵗ cancels.
  const unbias = (beta: number) => op.Cast(op.Sub(double(1), op.Pow(double(beta), op.Cast(step, { dtype: "float64" }))), { dtype: "float32" });
  const unbias1 = unbias(beta1), unbias2 = op.Sqrt(unbias(beta2));
  return { step: op.Mul(op.Div(m, op.Add(op.Sqrt(v), op.Mul(scalar(eps), unbias2))), op.Div(op.Mul(rate, unbias2), unbias1)), slots: { m, v } };
}
/** The gradient with decay as L2. */
const withDecay = (c: Update, rate: number): Value => (c.decays && rate > 0 ? c.op.Add(c.grad, c.op.Mul(c.param, c.scalar(rate))) : c.grad);

const rules: { [K in Optimizer["kind"]]: Rule<Extract<Optimizer, { kind: K }>> } = {
  adamw: {
    slots: () => ["m", "v"],
    update(spec, c) {
      const { step, slots } = adam(spec, c, c.grad, c.lr);
      return { param: c.op.Sub(decayed(c, spec.weightDecay), step), slots };
    },
  },
  adam: {
    slots: () => ["m", "v"],
    update(spec, c) {
      const { step, slots } = adam(spec, c, withDecay(c, spec.weightDecay), c.lr);
      return { param: c.op.Sub(c.param, step), slots };
    },
  },
  lamb: {
    slots: () => ["m", "v"],
    update(spec, c) {
      const { op, param, lr, scalar } = c, { step, slots } = adam(spec, c, c.grad, scalar(1));
      const direction = c.decays && spec.weightDecay > 0 ? op.Add(step, op.Mul(param, scalar(spec.weightDecay))) : step;
      return { param: op.Sub(param, op.Mul(direction, op.Mul(lr, trustRatio(c, length(c, param), length(c, direction))))), slots };
    },
  },
  lars: {
    slots: () => ["trace"],
    update({ momentum, weightDecay, trust }, c) {
      const { op, scalar, param, lr } = c, grad = withDecay(c, weightDecay), rate = c.decays ? op.Mul(lr, op.Mul(scalar(trust), trustRatio(c, length(c, param), op.Add(length(c, c.grad), op.Mul(length(c, param), scalar(weightDecay)))))) : lr;
      const trace = op.Add(op.Mul(slot(c, "trace"), scalar(momentum)), op.Mul(grad, rate));
      return { param: op.Sub(param, trace), slots: { trace } };
    },
  },
  sgd: {
    slots: ({ momentum }) => (momentum > 0 ? ["trace"] : []),
    update({ momentum, nesterov, weightDecay }, c): { param: Value; slots: Record<string, Value> } {
      const { op, scalar, param, lr } = c, grad = withDecay(c, weightDecay);
      if (momentum === 0) return { param: op.Sub(param, op.Mul(grad, lr)), slots: {} };
      const trace = op.Add(op.Mul(slot(c, "trace"), scalar(momentum)), grad);
      const direction = nesterov ? op.Add(grad, op.Mul(trace, scalar(momentum))) : trace;
      return { param: op.Sub(param, op.Mul(direction, lr)), slots: { trace } };
    },
  },
  lion: {
    slots: () => ["m"],
    update({ beta1, beta2, weightDecay }, c) {
      const { op, grad, lr } = c, m = slot(c, "m");
      const direction = op.Sign(mix(c, beta1, m, 1 - beta1, grad));
      return { param: op.Sub(decayed(c, weightDecay), op.Mul(direction, lr)), slots: { m: mix(c, beta2, m, 1 - beta2, grad) } };
    },
  },
};

export const slotsOf = (optimizer: Optimizer): readonly string[] => rules[optimizer.kind].slots(optimizer as never);
export const update = (optimizer: Optimizer, c: Update): ReturnType<Rule<Optimizer>["update"]> => rules[optimizer.kind].update(optimizer as never, c);

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
export type Optimizer = AdamW | Sgd | Lion;

export interface Update {
  op: Ops;
  scalar(n: number): Value;
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

const rules: { [K in Optimizer["kind"]]: Rule<Extract<Optimizer, { kind: K }>> } = {
  adamw: {
    slots: () => ["m", "v"],
    update({ beta1, beta2, eps, weightDecay }, c) {
      const { op, scalar, grad, step, lr } = c;
      const m = mix(c, beta1, slot(c, "m"), 1 - beta1, grad), v = mix(c, beta2, slot(c, "v"), 1 - beta2, op.Mul(grad, grad));
      // m/(1−β₁ᵗ) ÷ (√(v/(1−β₂ᵗ)) + ε), with the corrections moved onto scalars: they are computed once, not per element.
      const unbias1 = op.Sub(scalar(1), op.Pow(scalar(beta1), step)), unbias2 = op.Sqrt(op.Sub(scalar(1), op.Pow(scalar(beta2), step)));
      const rate = op.Div(op.Mul(lr, unbias2), unbias1), floor = op.Mul(scalar(eps), unbias2);
      return { param: op.Sub(decayed(c, weightDecay), op.Mul(op.Div(m, op.Add(op.Sqrt(v), floor)), rate)), slots: { m, v } };
    },
  },
  sgd: {
    slots: ({ momentum }) => (momentum > 0 ? ["trace"] : []),
    update({ momentum, nesterov, weightDecay }, c): { param: Value; slots: Record<string, Value> } {
      const { op, scalar, param, lr } = c, grad = c.decays && weightDecay > 0 ? op.Add(c.grad, op.Mul(param, scalar(weightDecay))) : c.grad;
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

import type { Value } from "../onnx/graph";
import type { Ops } from "../onnx/ops/index";
import { sizeOf } from "../onnx/shape";

/**
 * AdamW with decoupled decay: Loshchilov & Hutter 2019, in the order of torch.optim.AdamW (decay first, then the Adam
 * step).
 */
export interface AdamW {
  kind: "adamw";
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
}
/**
 * AdamW as transformers 4 has it (transformers.AdamW, which ViLT and VLMo train with): the Adam step first, with ε
 * outside of the bias correction of v, and the decay of what that gives.
 */
export type AdamWHf = Omit<AdamW, "kind"> & { kind: "adamw-hf" };
/** Adam with decay as L2, added to the gradient: Kingma & Ba 2015, as torch.optim.Adam. */
export type Adam = Omit<AdamW, "kind"> & { kind: "adam" };
/**
 * LAMB: You et al. 2020, algorithm 2, with bias correction; the step of each tensor is as long as the tensor, times the
 * learning rate.
 */
export type Lamb = Omit<AdamW, "kind"> & { kind: "lamb" };
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
/** LARS: You et al. 2017, algorithm 1; 1-D tensors keep the plain learning rate. */
export interface Lars {
  kind: "lars";
  momentum: number;
  weightDecay: number;
  /** η of the paper. */
  trust: number;
}
/**
 * Adafactor: Shazeer & Stern 2018, as torch.optim.Adafactor. The second moment of a matrix is kept as one row and one
 * column, and the step is relative to the tensor's own size, so that the learning rate is an upper bound of it.
 */
export interface Adafactor {
  kind: "adafactor";
  weightDecay: number;
  /** The second moment forgets by step^beta2Decay; −0.8. */
  beta2Decay?: number;
  /** ε₁, keeps the second moment from zero; float32's machine epsilon. */
  epsVariance?: number;
  /** ε₂, the least size that a tensor counts as; 1e-3. */
  epsScale?: number;
  /** d, the largest root mean square of an update; 1. */
  threshold?: number;
}
export type Optimizer = AdamW | AdamWHf | Adam | Sgd | Lion | Lamb | Lars | Adafactor;
export const optimizerKinds = [
  "adamw",
  "adamw-hf",
  "adam",
  "sgd",
  "lion",
  "lamb",
  "lars",
  "adafactor",
] as const satisfies readonly Optimizer["kind"][];

export interface Scalars {
  op: Ops;
  scalar(n: number): Value;
  /** A float64 constant. */
  double(n: number): Value;
  /** Learning rate and 1-based step, float32 inputs of the graph: nothing recompiles when they change. */
  lr: Value;
  step: Value;
}
/** A tensor under training: float32, gradient and parameter of one shape. */
export interface Tensor {
  param: Value;
  grad: Value;
  slots: Readonly<Record<string, Value>>;
}
/** Shapes by name. */
export type Slots = Readonly<Record<string, readonly number[]>>;
export interface Updated {
  param: Value;
  slots: Readonly<Record<string, Value>>;
}

/** The state that an optimizer keeps for a parameter of this shape. It is zero at first. */
export const slotsOf = (optimizer: Optimizer, shape: readonly number[]): Slots =>
  rules[optimizer.kind].slots(shape, optimizer as never);
/** The update of one tensor. What is the same for every tensor, such as bias corrections, is emitted here, once. */
export const updateOf = (optimizer: Optimizer, c: Scalars): ((tensor: Tensor) => Updated) =>
  rules[optimizer.kind].update(optimizer as never, c);

/** Whether a rule moves each element by itself, whatever tensor it lies in. */
export const isElementwise = ({ kind }: Optimizer): boolean => rules[kind].isElementwise === true;

interface Rule<S> {
  isElementwise?: true;
  slots(shape: readonly number[], spec: S): Slots;
  update(spec: S, c: Scalars): (tensor: Tensor) => Updated;
}
const moments = (shape: readonly number[]) => ({ m: shape, v: shape });

const rules: { [K in Optimizer["kind"]]: Rule<Extract<Optimizer, { kind: K }>> } = {
  adamw: {
    isElementwise: true,
    slots: moments,
    update(spec, make) {
      const adam = adamOf(spec, make, { rate: make.lr });
      const decay = decayOf(spec, make);
      return (t) => {
        const { step, slots } = adam(t.grad, t.slots);
        return { param: make.op.Sub(decay(t.param), step), slots };
      };
    },
  },
  "adamw-hf": {
    isElementwise: true,
    slots: moments,
    update(spec, make) {
      const adam = adamOf(spec, make, { rate: make.lr, corrected: false });
      const decay = decayOf(spec, make);
      return (t) => {
        const { step, slots } = adam(t.grad, t.slots);
        return { param: decay(make.op.Sub(t.param, step)), slots };
      };
    },
  },
  adam: {
    isElementwise: true,
    slots: moments,
    update(spec, make) {
      const adam = adamOf(spec, make, { rate: make.lr });
      const l2 = l2Of(spec, make);
      return (t) => {
        const { step, slots } = adam(l2(t), t.slots);
        return { param: make.op.Sub(t.param, step), slots };
      };
    },
  },
  lamb: {
    slots: moments,
    update(spec, make) {
      const { op, lr, scalar } = make;
      const adam = adamOf(spec, make);
      const l2 = l2Of(spec, make);
      return (tensor) => {
        const { step, slots } = adam(tensor.grad, tensor.slots);
        const direction = l2({ ...tensor, grad: step });
        return {
          param: op.Sub(
            tensor.param,
            op.Mul(direction, op.Mul(lr, ratio(make, norm(make, tensor.param), norm(make, direction), scalar(1)))),
          ),
          slots,
        };
      };
    },
  },
  sgd: {
    isElementwise: true,
    slots: (shape, { momentum }): Slots => (momentum > 0 ? { trace: shape } : {}),
    update(spec, make) {
      const { op, scalar, lr } = make;
      const { momentum, nesterov } = spec;
      const l2 = l2Of(spec, make);
      return (tensor): Updated => {
        const grad = l2(tensor);
        if (momentum === 0) return { param: op.Sub(tensor.param, op.Mul(grad, lr)), slots: {} };
        const trace = op.Add(op.Mul(slot(tensor, "trace"), scalar(momentum)), grad);
        const direction = nesterov ? op.Add(grad, op.Mul(trace, scalar(momentum))) : trace;
        return { param: op.Sub(tensor.param, op.Mul(direction, lr)), slots: { trace } };
      };
    },
  },
  lars: {
    slots: (shape) => ({ trace: shape }),
    update(spec, make) {
      const { op, scalar, lr } = make;
      const { momentum, weightDecay, trust } = spec;
      const l2 = l2Of(spec, make);
      const trusted = op.Mul(lr, scalar(trust));
      return (tensor) => {
        const size = norm(make, tensor.param);
        const steepness = op.Add(norm(make, tensor.grad), op.Mul(size, scalar(weightDecay)));
        const rate = isVector(tensor.param.shape) ? lr : op.Mul(trusted, ratio(make, size, steepness, scalar(1)));
        const trace = op.Add(op.Mul(slot(tensor, "trace"), scalar(momentum)), op.Mul(l2(tensor), rate));
        return { param: op.Sub(tensor.param, trace), slots: { trace } };
      };
    },
  },
  lion: {
    isElementwise: true,
    slots: (shape) => ({ m: shape }),
    update(spec, make) {
      const { op, lr } = make;
      const { beta1, beta2 } = spec;
      const decay = decayOf(spec, make);
      return (t) => {
        const m = slot(t, "m");
        const direction = op.Sign(mix(make, beta1, m, t.grad));
        return { param: op.Sub(decay(t.param), op.Mul(direction, lr)), slots: { m: mix(make, beta2, m, t.grad) } };
      };
    },
  },
  adafactor: {
    slots: (shape): Slots =>
      shape.length > 1
        ? { row: [...shape.slice(0, -1), 1], column: [...shape.slice(0, -2), 1, ...shape.slice(-1)] }
        : { v: shape },
    update(spec, make) {
      const { op, scalar, lr, step } = make;
      const { beta2Decay = -0.8, epsVariance = 2 ** -23, epsScale = 1e-3, threshold = 1 } = spec;
      const decay = decayOf(spec, make);
      const fresh = op.Pow(step, scalar(beta2Decay));
      const rate = op.Min(lr, op.Reciprocal(op.Sqrt(step)));
      /** Moves a state towards the newest value by the share `fresh`. */
      const towards = (state: Value, newest: Value) => op.Add(state, op.Mul(op.Sub(newest, state), fresh));
      return (tensor) => {
        const { grad, param } = tensor;
        const square = op.Mul(grad, grad);
        const rms = (x: Value) => op.Mul(norm(make, x), scalar(sizeOf(x.shape) ** -0.5));
        let slots: Record<string, Value>;
        let variance: Value;
        if (tensor.slots.v) {
          variance = towards(tensor.slots.v, square);
          slots = { v: variance };
        } else {
          const row = towards(slot(tensor, "row"), op.ReduceMean(square, { axes: [-1] }));
          const column = towards(slot(tensor, "column"), op.ReduceMean(square, { axes: [-2] }));
          variance = op.Div(op.MatMul(row, column), op.Max(op.ReduceMean(row, { axes: [-2] }), scalar(epsVariance)));
          slots = { row, column };
        }
        const update = op.Div(grad, op.Sqrt(op.Max(variance, scalar(epsVariance ** 2))));
        const length = op.Div(
          op.Mul(op.Max(rms(param), scalar(epsScale)), rate),
          op.Max(op.Mul(rms(update), scalar(1 / threshold)), scalar(1)),
        );
        return { param: op.Sub(decay(param), op.Mul(update, length)), slots };
      };
    },
  },
};

const slot = (t: Tensor, name: string): Value => t.slots[name] as Value;
/** Gains, biases and other tensors with one axis longer than 1, or none. */
export const isVector = (shape: readonly (number | string)[]): boolean => shape.filter((d) => d !== 1).length < 2;
const norm = ({ op }: Scalars, x: Value): Value => op.ReduceL2(x, { keepdims: 0 });
/** β·x + (1 − β)·y */
const mix = ({ op, scalar }: Scalars, beta: number, x: Value, y: Value): Value =>
  op.Add(op.Mul(x, scalar(beta)), op.Mul(y, scalar(1 - beta)));
/** a / b, or `otherwise` where either is 0. */
function ratio({ op, scalar }: Scalars, a: Value, b: Value, otherwise: Value): Value {
  const both = op.And(op.Greater(a, scalar(0)), op.Greater(b, scalar(0)));
  return op.Where(both, op.Div(a, op.Where(both, b, scalar(1))), otherwise);
}

/** Decoupled decay: param·(1 − lr·rate). */
function decayOf({ weightDecay }: { weightDecay: number }, { op, scalar, lr }: Scalars): (param: Value) => Value {
  if (weightDecay === 0) return (param) => param;
  const kept = op.Sub(scalar(1), op.Mul(lr, scalar(weightDecay)));
  return (param) => op.Mul(param, kept);
}
/** Decay as L2: grad + rate·param. */
const l2Of =
  ({ weightDecay }: { weightDecay: number }, { op, scalar }: Scalars) =>
  ({ grad, param }: Tensor): Value =>
    weightDecay === 0 ? grad : op.Add(grad, op.Mul(param, scalar(weightDecay)));

/**
 * Adam's two moments, and the step m̂ / (√v̂ + ε) they ask for, times `rate`. The corrections 1/(1 − βᵗ) are moved onto
 * scalars, which are computed once and not for each element, and in float64, since 1 − βᵗ cancels. ε stands beside the
 * corrected √v̂, or, where it is not `corrected`, beside √v.
 */
function adamOf(
  { beta1, beta2, eps }: Pick<AdamW, "beta1" | "beta2" | "eps">,
  c: Scalars,
  { rate = c.scalar(1), corrected = true }: { rate?: Value; corrected?: boolean } = {},
): (grad: Value, slots: Tensor["slots"]) => { step: Value; slots: { m: Value; v: Value } } {
  const { op, scalar, double } = c;
  const t = op.Cast(c.step, { dtype: "float64" });
  const correction = (beta: number) => op.Cast(op.Sub(double(1), op.Pow(double(beta), t)), { dtype: "float32" });
  const root = op.Sqrt(correction(beta2));
  const epsilon = corrected ? op.Mul(scalar(eps), root) : scalar(eps);
  const scale = op.Div(op.Mul(rate, root), correction(beta1));
  return (grad, slots) => {
    const m = mix(c, beta1, slots.m as Value, grad);
    const v = mix(c, beta2, slots.v as Value, op.Mul(grad, grad));
    return { step: op.Mul(op.Div(m, op.Add(op.Sqrt(v), epsilon)), scale), slots: { m, v } };
  };
}

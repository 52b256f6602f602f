import { gradients } from "../onnx/differentiate";
import type { Graph, Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { fixed } from "../onnx/shape";
import { type Group, groupedUpdate } from "./groups";
import { type Optimizer, slotsOf } from "./optimizers";

export interface StepSpec {
  optimizer: Optimizer;
  groups?: readonly Group[];
  /** Largest global norm of the gradient; 0 leaves it alone. As torch.nn.utils.clip_grad_norm_. */
  clipNorm: number;
  /** Parameters that take no gradient, by name: nothing is computed for them. */
  isFrozen?(name: string): boolean;
  /** Bounds that parameters return to after the update. */
  clamp?: Readonly<Record<string, readonly [min: number, max: number]>>;
}

/** A tensor that goes round: read by a step as input `name`, written as output `next`. */
export interface State {
  name: string;
  next: string;
  shape: readonly number[];
  /** The parameter it belongs to; the same as `name` for the parameter itself. */
  parameter: string;
}

/**
 * Turns a graph that computes a loss into one training step: forward, backward, update. The graph gets the inputs `lr` and `step`
 * (float32 scalars; the first step is 1) and the outputs `loss`, `grad_norm` and every state's `next`.
 */
export function trainStep(graph: Graph, loss: Value, { optimizer, groups = [], clipNorm, isFrozen = () => false, clamp = {} }: StepSpec): State[] {
  const op = opsOf(graph), constants = new Map<string, Value>();
  const constant = (dtype: "float32" | "float64") => (n: number): Value => {
    const known = constants.get(`${dtype} ${n}`) ?? graph.constant([n], dtype);
    constants.set(`${dtype} ${n}`, known);
    return known;
  };
  const scalar = constant("float32"), double = constant("float64");
  const trained = graph.parameters.filter((p) => !p.buffer && !isFrozen(p.name));
  const lr = graph.input("lr", "float32", []), step = graph.input("step", "float32", []);
  const grads = gradients(graph, loss, trained.map((p) => p.value));
  const squares = trained.map((p) => op.ReduceSumSquare(grads.get(p.value.name) as Value, { keepdims: 0 }));
  const norm = op.Sqrt(squares.reduce((a, b) => op.Add(a, b)));
  const shrink = clipNorm > 0 ? op.Min(scalar(1), op.Div(scalar(clipNorm), op.Add(norm, scalar(1e-6)))) : undefined;
  graph.output("loss", loss);
  graph.output("grad_norm", norm);

  const states: State[] = [], update = groupedUpdate(optimizer, groups, graph.parameters.map((p) => p.name), { op, scalar, double, lr, step });
  const goesRound = (name: string, parameter: string, next: Value) => {
    states.push({ name, next: `next ${name}`, shape: fixed(next.shape), parameter });
    graph.output(`next ${name}`, next);
  };
  for (const { name, value } of trained) {
    const raw = grads.get(value.name) as Value;
    const slots = Object.fromEntries(Object.entries(slotsOf(optimizer, fixed(value.shape))).map(([s, shape]) => [s, graph.input(`${name}#${s}`, "float32", shape)]));
    const result = update(name, { param: value, grad: shrink ? op.Mul(raw, shrink) : raw, slots });
    const bounds = clamp[name];
    goesRound(name, name, bounds ? op.Clip(result.param, scalar(bounds[0]), scalar(bounds[1])) : result.param);
    for (const [s, next] of Object.entries(result.slots)) goesRound(`${name}#${s}`, name, next);
  }
  for (const [name, next] of graph.updates) goesRound(name, name, next);
  return states;
}

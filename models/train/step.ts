import { gradients, reached, type Seed } from "../onnx/differentiate";
import type { Graph, OpNode, Parameter, Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { recompute } from "../onnx/passes/recompute";
import { fixed } from "../onnx/shape";
import { isVector, type Optimizer, slotsOf, updateOf } from "./optimizers";

/** A moving average of a parameter, kept beside it: average ← decay·average + (1 − decay)·parameter after each step. */
export interface Average {
  name: string;
  of: string;
  decay: number;
}

export interface UpdateSpec {
  optimizer: Optimizer;
  /** Largest global norm of the gradient; 0 leaves it alone. As torch.nn.utils.clip_grad_norm_. */
  clipNorm: number;
  /**
   * A parameter's share of the learning rate, by name; undefined or 0 freezes it. By default all train at the full
   * rate.
   */
  rateOf?(name: string): number | undefined;
  /**
   * A parameter's weight decay, by name. Undefined leaves it the optimizer's, which spares gains, biases and other 1-D
   * tensors (open_clip).
   */
  decayOf?(name: string): number | undefined;
  /** Bounds that parameters return to after the update. */
  clamp?: Readonly<Record<string, readonly [min: number, max: number]>>;
  averages?: readonly Average[];
  /**
   * Ops whose results are computed again in the backward pass instead of kept: less memory, about a third more work
   * where it is all of them.
   */
  recomputes?(op: OpNode): boolean;
  /** Dynamic loss scaling, for gradients in float16: the loss was multiplied by the state `loss_scale`. */
  scaling?: boolean;
}

/** A tensor that goes round: read by a step as input `name`, written as output `next`. */
export interface State {
  name: string;
  next: string;
  shape: readonly number[];
  /** The number it starts with, where it is no parameter's own. */
  start: number;
}

export interface Trained {
  parameter: Parameter;
  gradient: Value;
}

/** The parameters that learn from a loss: reached by its gradient, no buffer, not frozen. */
export function trainable(
  graph: Graph,
  losses: readonly Value[],
  { rateOf = () => 1 }: Pick<UpdateSpec, "rateOf">,
): Parameter[] {
  const found = reached(graph, losses);
  return graph.parameters.filter((p) => !p.buffer && found.has(p.value.name) && rateOf(p.name));
}

/**
 * Turns a graph that computes a loss into one training step: forward, backward, update. The graph gets the inputs `lr`
 * and `step` (float32 scalars; the first step is 1) and the outputs `loss`, `grad_norm` and every state's `next`.
 */
export function trainStep(graph: Graph, loss: Value, spec: UpdateSpec): State[] {
  const parameters = trainable(graph, [loss], spec);
  const scale = spec.scaling ? lossScale(graph) : undefined;
  const grads = gradientsOf(
    graph,
    scale ? [[loss, scale]] : loss,
    parameters.map((p) => p.value),
    spec,
  );
  graph.output("loss", loss);
  const buffers = [...graph.updates].map(([name, next]) => goRound(graph, name, next, 0));
  return [
    ...appendUpdate(
      graph,
      parameters.map((parameter) => ({ parameter, gradient: grads.get(parameter.value.name) as Value })),
      spec,
    ),
    ...buffers,
  ];
}

export const gradientsOf = (
  graph: Graph,
  loss: Value | readonly Seed[],
  targets: readonly Value[],
  { recomputes }: Pick<UpdateSpec, "recomputes">,
): Map<string, Value> => gradients(graph, loss, targets, recomputes && recompute(graph, recomputes));

/** The factor on the loss that keeps small gradients from vanishing in float16 (Micikevicius et al. 2018, §3.2). */
export const lossScale = (graph: Graph): Value =>
  graph.inputs.find((v) => v.name === "loss_scale") ?? graph.input("loss_scale", "float32", []);

/** Marks a value as what `name` becomes; an input of that name is made unless the graph has it already. */
export function goRound(graph: Graph, name: string, next: Value, start: number): State {
  graph.output(`next ${name}`, next);
  return { name, next: `next ${name}`, shape: fixed(next.shape), start };
}

/** Appends clipping, the optimizer's rule, bounds and averages for parameters whose gradients are known. */
export function appendUpdate(
  graph: Graph,
  trained: readonly Trained[],
  { optimizer, clipNorm, rateOf = () => 1, decayOf = () => undefined, clamp = {}, averages = [], scaling }: UpdateSpec,
): State[] {
  graph.scope = "optimizer";
  const op = opsOf(graph);
  const constants = new Map<string, Value>();
  const states: State[] = [];
  const constant =
    (dtype: "float32" | "float64") =>
    (n: number): Value => {
      const known = constants.get(`${dtype} ${n}`) ?? graph.constant([n], dtype);
      constants.set(`${dtype} ${n}`, known);
      return known;
    };
  const scalar = constant("float32");
  const double = constant("float64");
  const lr = graph.input("lr", "float32", []);
  const scale = scaling ? lossScale(graph) : undefined;
  const squares = trained.map(({ gradient }) => op.ReduceSumSquare(gradient, { keepdims: 0 }));
  // From the last parameter to the first, as the backward pass finds them: the runtime goes where a sum leads it, and
  // would otherwise keep all activations until the first.
  const scaled = op.Sqrt(squares.reduceRight((a, b) => op.Add(a, b)));
  const norm = scale ? op.Div(scaled, scale) : scaled;
  const shrink = clipNorm > 0 ? op.Min(scalar(1), op.Div(scalar(clipNorm), op.Add(norm, scalar(1e-6)))) : undefined;
  const factor = scale ? op.Div(shrink ?? scalar(1), scale) : shrink;
  graph.output("grad_norm", norm);

  // A step whose gradients overflowed changes nothing but the scale: halved then, doubled after 2,000 good steps in a
  // row (torch.amp.GradScaler).
  const finite = scale && op.Less(norm, scalar(3.4e38));
  const keep = (name: string, before: Value, next: Value): Value => {
    const kept = finite ? op.Where(finite, next, before) : next;
    states.push(goRound(graph, name, kept, 0));
    return kept;
  };
  let step: Value;
  if (scale && finite) {
    const taken = graph.input("steps_taken", "float32", []);
    const good = graph.input("good_steps", "float32", []);
    const enough = op.GreaterOrEqual(op.Add(good, scalar(1)), scalar(2000));
    step = op.Add(taken, scalar(1));
    keep("steps_taken", taken, step);
    states.push(
      goRound(
        graph,
        "good_steps",
        op.Where(finite, op.Where(enough, scalar(0), op.Add(good, scalar(1))), scalar(0)),
        0,
      ),
    );
    states.push(
      goRound(
        graph,
        "loss_scale",
        op.Where(
          finite,
          op.Where(enough, op.Mul(scale, scalar(2)), scale),
          op.Max(scalar(1), op.Mul(scale, scalar(0.5))),
        ),
        2 ** 16,
      ),
    );
  } else step = graph.input("step", "float32", []);

  // One rule for each rate and decay, so that what does not differ between its tensors is computed once.
  const rules = new Map<string, ReturnType<typeof updateOf>>();
  const ruleFor = ({ name, value }: Parameter) => {
    const rate = rateOf(name) ?? 1;
    const weightDecay = decayOf(name) ?? (isVector(value.shape) ? 0 : optimizer.weightDecay);
    const key = `${rate} ${weightDecay}`;
    const rule =
      rules.get(key) ??
      updateOf(
        { ...optimizer, weightDecay },
        { op, scalar, double, lr: rate === 1 ? lr : op.Mul(lr, scalar(rate)), step },
      );
    rules.set(key, rule);
    return rule;
  };

  const after = new Map<string, Value>();
  for (const { parameter, gradient } of trained) {
    const { name, value } = parameter;
    const slots = Object.fromEntries(
      Object.entries(slotsOf(optimizer, fixed(value.shape))).map(([s, shape]) => [
        s,
        graph.input(`${name}#${s}`, "float32", shape),
      ]),
    );
    const result = ruleFor(parameter)({ param: value, grad: factor ? op.Mul(gradient, factor) : gradient, slots });
    const bounds = clamp[name];
    const next = bounds ? op.Clip(result.param, scalar(bounds[0]), scalar(bounds[1])) : result.param;
    after.set(name, keep(name, value, next));
    for (const [s, next] of Object.entries(result.slots)) keep(`${name}#${s}`, slots[s] as Value, next);
  }
  for (const { name, of, decay } of averages) {
    const next = after.get(of);
    if (!next) continue; // what does not train stays what it is
    const average =
      graph.parameters.find((p) => p.name === name)?.value ??
      graph.parameter(name, fixed(next.shape), { kind: "zeros" }, true);
    states.push(goRound(graph, name, op.Add(op.Mul(average, scalar(decay)), op.Mul(next, scalar(1 - decay))), 0));
  }
  graph.scope = undefined;
  return states;
}

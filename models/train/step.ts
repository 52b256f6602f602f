import { gradients, reached, type Seed } from "../onnx/differentiate";
import type { Graph, OpNode, Parameter, Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { recompute } from "../onnx/passes/recompute";
import { fixed } from "../onnx/shape";
import { isElementwise, isVector, type Optimizer, type Scalars, slotsOf, type Tensor, updateOf } from "./optimizers";
import { moveTogether, type Tensors } from "./together";

/** A moving average of a parameter, kept beside it: average ← decay·average + (1 − decay)·parameter after each step. */
export interface Average {
  name: string;
  parameter: string;
  decay: number;
}

/**
 * Bounds that a parameter returns to after the update; or "before" a step, which then reads and moves the number within
 * them, while the stored one may lie outside after it.
 */
export type Bounds = readonly [min: number, max: number, when?: "before"];

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
  clamp?: Readonly<Record<string, Bounds>>;
  averages?: readonly Average[];
  /**
   * Ops whose results are computed again in the backward pass instead of kept: less memory, about a third more work
   * where it is all of them.
   */
  recomputes?(op: OpNode): boolean;
  /** Whether a step gives the gradients themselves too, each as the output `grad NAME`. */
  givesGradients?: boolean;
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
  if (spec.givesGradients) {
    for (const { name, value } of parameters) graph.output(`grad ${name}`, grads.get(value.name) as Value);
  }
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
export function appendUpdate(graph: Graph, trained: readonly Trained[], spec: UpdateSpec): State[] {
  graph.scope = "optimizer";
  const make = makerOf(graph);
  const lr = graph.input("lr", "float32", []);
  const scale = spec.scaling ? lossScale(graph) : undefined;
  const { norm, factor } = clipping(make, trained, spec.clipNorm, scale);
  graph.output("grad_norm", norm);
  // A step whose gradients overflowed changes nothing but the scale.
  const finite = scale && make.op.Less(norm, make.scalar(3.4e38));
  const states: State[] = [];
  const keep: Keep = (name, before, next) => {
    const kept = finite ? make.op.Where(finite, next, before) : next;
    states.push(goRound(graph, name, kept, 0));
    return kept;
  };
  const step =
    scale && finite ? scaledStep(graph, make, { scale, finite, keep, states }) : graph.input("step", "float32", []);
  const after = new Map<string, Value>();
  const bounded = (name: string, x: Value, when?: "before"): Value => {
    const bounds = spec.clamp?.[name];
    return bounds && bounds[2] === when ? make.op.Clip(x, make.scalar(bounds[0]), make.scalar(bounds[1])) : x;
  };
  for (const { rule, learning } of byRule(spec, { ...make, lr, step }, trained)) {
    const before = learning.map(
      ({ parameter: { name, value }, gradient }): Tensors => ({
        ...slotInputs(graph, name, value, spec.optimizer),
        param: bounded(name, value, "before"),
        grad: gradient,
      }),
    );
    const move = ({ param, grad, ...slots }: Tensors): Tensors => {
      const scaled = factor ? make.op.Mul(grad as Value, factor) : grad;
      const moved = rule({ param, grad: scaled, slots } as Tensor);
      return { param: moved.param, ...moved.slots };
    };
    const moved = isElementwise(spec.optimizer) ? moveTogether(make.op, before, move) : before.map(move);
    for (const [i, { parameter }] of learning.entries()) {
      const { param, ...slots } = moved[i] as Tensors;
      const { name, value } = parameter;
      after.set(name, keep(name, value, bounded(name, param as Value)));
      for (const [slot, next] of Object.entries(slots)) keep(slotName(name, slot), before[i]?.[slot] as Value, next);
    }
  }
  states.push(...appendAverages(graph, make, spec.averages ?? [], after));
  graph.scope = undefined;
  return states;
}

/** Makes a tensor go round, unless the step's gradients overflowed; gives what it becomes. */
type Keep = (name: string, before: Value, next: Value) => Value;
type Maker = Omit<Scalars, "lr" | "step">;

/** Ops, and constants of which each is made once. */
function makerOf(graph: Graph): Maker {
  const constants = new Map<string, Value>();
  const constant = (dtype: "float32" | "float64", n: number): Value => {
    const known = constants.get(`${dtype} ${n}`) ?? graph.constant([n], dtype);
    constants.set(`${dtype} ${n}`, known);
    return known;
  };
  return { op: opsOf(graph), scalar: (n) => constant("float32", n), double: (n) => constant("float64", n) };
}

/**
 * The norm of all gradients together, and what they are to be multiplied by: the clipping and the loss scale undone.
 */
function clipping(
  { op, scalar }: Maker,
  trained: readonly Trained[],
  clipNorm: number,
  scale: Value | undefined,
): { norm: Value; factor: Value | undefined } {
  const squares = trained.map(({ gradient }) => op.ReduceSumSquare(gradient, { keepdims: 0 }));
  // From the last parameter to the first, as the backward pass finds them: the runtime goes where a sum leads it, and
  // would otherwise keep all activations until the first.
  const scaled = op.Sqrt(squares.reduceRight((sum, square) => op.Add(sum, square)));
  const norm = scale ? op.Div(scaled, scale) : scaled;
  const shrink = clipNorm > 0 ? op.Min(scalar(1), op.Div(scalar(clipNorm), op.Add(norm, scalar(1e-6)))) : undefined;
  return { norm, factor: scale ? op.Div(shrink ?? scalar(1), scale) : shrink };
}

/**
 * The number of the step where some steps change nothing: those with finite gradients are counted. The scale of the
 * loss is halved by a step that overflowed, and doubled after 2,000 good steps in a row (torch.amp.GradScaler).
 */
function scaledStep(
  graph: Graph,
  { op, scalar }: Maker,
  { scale, finite, keep, states }: { scale: Value; finite: Value; keep: Keep; states: State[] },
): Value {
  const counted = graph.input("steps_taken", "float32", []);
  const good = graph.input("good_steps", "float32", []);
  const enough = op.GreaterOrEqual(op.Add(good, scalar(1)), scalar(2000));
  const step = op.Add(counted, scalar(1));
  keep("steps_taken", counted, step);
  const inRow = op.Where(finite, op.Where(enough, scalar(0), op.Add(good, scalar(1))), scalar(0));
  states.push(goRound(graph, "good_steps", inRow, 0));
  const raised = op.Where(enough, op.Mul(scale, scalar(2)), scale);
  const lowered = op.Max(scalar(1), op.Mul(scale, scalar(0.5)));
  states.push(goRound(graph, "loss_scale", op.Where(finite, raised, lowered), 2 ** 16));
  return step;
}

/** The tensors of each rate and decay with their rule, so that what does not differ between them is computed once. */
function byRule(
  { optimizer, rateOf = () => 1, decayOf = () => undefined }: UpdateSpec,
  scalars: Scalars,
  trained: readonly Trained[],
): { rule: ReturnType<typeof updateOf>; learning: Trained[] }[] {
  const { op, scalar, lr } = scalars;
  const found = new Map<string, { rule: ReturnType<typeof updateOf>; learning: Trained[] }>();
  for (const each of trained) {
    const { name, value } = each.parameter;
    const rate = rateOf(name) ?? 1;
    const weightDecay = decayOf(name) ?? (isVector(value.shape) ? 0 : optimizer.weightDecay);
    const kind = `${rate} ${weightDecay}`;
    const known = found.get(kind) ?? {
      rule: updateOf({ ...optimizer, weightDecay }, { ...scalars, lr: rate === 1 ? lr : op.Mul(lr, scalar(rate)) }),
      learning: [],
    };
    known.learning.push(each);
    found.set(kind, known);
  }
  return [...found.values()];
}

/** What a slot of a parameter is called among the states. */
const slotName = (parameter: string, slot: string): string => `${parameter}#${slot}`;

function slotInputs(graph: Graph, name: string, value: Value, optimizer: Optimizer): Record<string, Value> {
  const shapes = Object.entries(slotsOf(optimizer, fixed(value.shape)));
  return Object.fromEntries(shapes.map(([slot, shape]) => [slot, graph.input(slotName(name, slot), "float32", shape)]));
}

/** Moves averages towards what their parameters become; those of parameters that do not train stay what they are. */
function appendAverages(
  graph: Graph,
  { op, scalar }: Maker,
  averages: readonly Average[],
  after: ReadonlyMap<string, Value>,
): State[] {
  const moving = averages.filter(({ parameter }) => after.has(parameter));
  const averageOf = (name: string, { shape }: Value): Value =>
    graph.parameters.find((p) => p.name === name)?.value ??
    graph.parameter(name, fixed(shape), { kind: "zeros" }, true);
  return [...new Set(moving.map(({ decay }) => decay))].flatMap((decay) => {
    const group = moving.filter((each) => each.decay === decay);
    const before = group.map(({ name, parameter }) => {
      const next = after.get(parameter) as Value;
      return { average: averageOf(name, next), next };
    });
    const moved = moveTogether(op, before, ({ average, next }) => ({
      average: op.Add(op.Mul(average as Value, scalar(decay)), op.Mul(next as Value, scalar(1 - decay))),
    }));
    return group.map(({ name }, i) => goRound(graph, name, moved[i]?.average as Value, 0));
  });
}

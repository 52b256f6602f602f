/** Reverse-mode differentiation: a pass from a graph to a graph. The rules of the ops are in ./gradients. */

import type { Attrs, DType, Graph, OpNode, Value } from "./graph";
import { rulesOf } from "./gradients/index";
import { type RuleContext, unwritten } from "./gradients/rule";
import { type Ops, opsOf } from "./ops/index";
import type { Replay } from "./passes/recompute";
import { fixed } from "./shape";

export class NoGradientError extends Error {
  constructor(readonly op: string) {
    super(
      `${op} has no gradient yet, but a trainable value flows through it. ` +
        "Freeze what comes before it, or write its rule in models/onnx/gradients.",
    );
  }
}

/**
 * The values that a loss depends on so that a gradient flows: only those of them that are parameters can learn from it.
 */
export function reached(graph: Graph, losses: readonly Value[]): Set<string> {
  const found = new Set(losses.map((v) => v.name));
  for (const { op, inputs, outputs } of graph.nodes.toReversed()) {
    if (!outputs[0] || !found.has(outputs[0].name)) continue;
    const rules = rulesOf(op);
    const flows = (i: number) => rules === unwritten || typeof rules === "function" || rules[i] !== null;
    for (const [i, x] of inputs.entries()) {
      if (isFloat(x.dtype) && flows(i)) found.add(x.name);
    }
  }
  return found;
}

const isFloat = (dtype: DType): boolean => dtype.startsWith("float");

/** A value and its cotangent. */
export type Seed = readonly [value: Value, cotangent: Value];

/**
 * Appends to the graph the nodes that compute d(loss)/d(target) for each target, and returns them by the target's name.
 * Reverse mode: the ops are walked from the last to the first, and each turns the cotangent of its output into those of
 * its inputs. Only what lies between a target and the loss is visited, so frozen parts cost nothing. Instead of a loss
 * it takes seeds: values whose cotangents are known, as when the loss was differentiated elsewhere. With `replay`,
 * rules read an op's inputs and outputs as that gives them.
 */
export function gradients(
  graph: Graph,
  loss: Value | readonly Seed[],
  targets: readonly Value[],
  replay: Replay = (node) => node,
): Map<string, Value> {
  const forward = [...graph.nodes];
  const onPath = pathFrom(targets, forward);
  const make = contextOf(graph);
  const cotangents = new Map<string, Value>();
  const arrive = (value: Value, cotangent: Value) => {
    const before = cotangents.get(value.name);
    cotangents.set(value.name, before ? make.op.Add(before, cotangent) : cotangent);
  };
  const seeds: readonly Seed[] = "name" in loss ? [[loss, make.scalar(1, loss.dtype)]] : loss;
  for (const [value, cotangent] of seeds) arrive(value, cotangent);
  for (const node of forward.reverse()) {
    const y = node.outputs[0] as Value;
    const arrived = cotangents.get(y.name);
    if (!arrived || !onPath.has(y.name)) continue;
    graph.scope = node.scope;
    const dy = expanded(make.op, arrived, y);
    const rules = rulesOf(node.op);
    if (rules === unwritten) throw new NoGradientError(node.op);
    const context = make.forNode(replay(node, dy), dy);
    for (const [i, x] of node.inputs.entries()) {
      const rule = typeof rules === "function" ? rules(i) : rules[i];
      if (!rule || !onPath.has(x.name)) continue; // never computed, so never paid for
      arrive(x, sumTo(make.op, rule(context), x));
    }
  }
  graph.scope = undefined;
  const gradientOf = (target: Value): Value =>
    expanded(make.op, cotangents.get(target.name) ?? make.scalar(0, target.dtype), target);
  return new Map(targets.map((target) => [target.name, gradientOf(target)]));
}

/** The names of the floats that depend on some values, these included. */
function pathFrom(targets: readonly Value[], nodes: readonly OpNode[]): Set<string> {
  const found = new Set(targets.map((target) => target.name));
  for (const { inputs, outputs } of nodes) {
    if (!inputs.some((x) => found.has(x.name))) continue;
    for (const y of outputs) {
      if (isFloat(y.dtype)) found.add(y.name);
    }
  }
  return found;
}

/** What rules are given; a scalar is one constant however many rules ask for it. */
function contextOf(graph: Graph) {
  const op = opsOf(graph);
  const scalars = new Map<string, Value>();
  const scalar = (n: number, dtype: DType): Value => {
    const known = scalars.get(`${dtype} ${n}`) ?? graph.constant([n], dtype as "float32");
    scalars.set(`${dtype} ${n}`, known);
    return known;
  };
  const forNode = ({ inputs, outputs, attrs }: OpNode, dy: Value): RuleContext<Attrs> => ({
    op,
    dy,
    x: inputs,
    y: outputs[0] as Value,
    ys: outputs,
    attrs,
    makerOf: (value) => graph.makerOf(value),
    scalar: (n) => scalar(n, dy.dtype),
    floats: (list, shape) => graph.constant(list, dy.dtype as "float32", shape),
    integers: (list, shape) => graph.constant(list, "int64", shape),
  });
  return { op, scalar, forNode };
}

/**
 * The adjoint of broadcasting, done here once so that no rule has to. A rule may also return less than its input's
 * shape: `expanded` fills it.
 */
function sumTo(op: Ops, cotangent: Value, x: Value): Value {
  const { shape } = cotangent;
  const lead = shape.length - x.shape.length;
  if (lead < 0) return op.Reshape(cotangent, { to: [...x.shape.slice(0, -lead).map(() => 1), ...shape] });
  const axes = shape.flatMap((size, i) => (i < lead || (x.shape[i - lead] === 1 && size !== 1) ? [i] : []));
  if (!axes.length) return cotangent;
  const sum = op.ReduceSum(cotangent, { axes });
  return lead > 0 ? op.Reshape(sum, { to: sum.shape.slice(lead) }) : sum;
}

function expanded(op: Ops, cotangent: Value, x: Value): Value {
  return cotangent.shape.join() === x.shape.join() ? cotangent : op.Expand(cotangent, { to: fixed(x.shape) });
}

import type { DType, Graph, OpNode, Value } from "./graph";
import { rulesOf } from "./gradients/index";
import { unwritten } from "./gradients/rule";
import { opsOf } from "./ops/index";
import type { Replay } from "./passes/recompute";
import { fixed } from "./shape";

export class NoGradientError extends Error {
  constructor(readonly op: string) {
    super(
      `${op} has no gradient yet, but a trainable value flows through it. Freeze what comes before it, or write its rule in models/onnx/gradients.`,
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
    for (const [i, x] of inputs.entries()) if (isFloat(x.dtype) && flows(i)) found.add(x.name);
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
  const op = opsOf(graph);
  const scalars = new Map<string, Value>();
  const scalar = (n: number, dtype: DType): Value => {
    const known = scalars.get(`${dtype} ${n}`) ?? graph.constant([n], dtype as "float32");
    scalars.set(`${dtype} ${n}`, known);
    return known;
  };
  const onPath = new Set(targets.map((t) => t.name));
  const forward: OpNode[] = [...graph.nodes];
  for (const { inputs, outputs } of forward)
    if (inputs.some((x) => onPath.has(x.name))) for (const y of outputs) if (isFloat(y.dtype)) onPath.add(y.name);

  const seeds: readonly Seed[] = "name" in loss ? [[loss, scalar(1, loss.dtype)]] : loss;
  const cotangents = new Map<string, Value>();
  for (const [value, cotangent] of seeds)
    cotangents.set(
      value.name,
      cotangents.has(value.name) ? op.Add(cotangents.get(value.name) as Value, cotangent) : cotangent,
    );
  for (const node of forward.reverse()) {
    const y = node.outputs[0] as Value;
    const arrived = cotangents.get(y.name);
    if (!arrived || !onPath.has(y.name)) continue;
    graph.scope = node.scope;
    const dy = expanded(arrived, y);
    const rules = rulesOf(node.op);
    if (rules === unwritten) throw new NoGradientError(node.op);
    const seen = replay(node, dy);
    for (const [i, x] of node.inputs.entries()) {
      const rule = typeof rules === "function" ? rules(i) : rules[i];
      if (!rule || !onPath.has(x.name)) continue; // never computed, so never paid for
      const dx = sumTo(
        rule({
          op,
          dy,
          x: seen.inputs,
          y: seen.outputs[0] as Value,
          ys: seen.outputs,
          attrs: node.attrs,
          scalar: (n) => scalar(n, dy.dtype),
          floats: (list, shape) => graph.constant(list, dy.dtype as "float32", shape),
          integers: (list, shape) => graph.constant(list, "int64", shape),
        }),
        x,
      );
      const before = cotangents.get(x.name);
      cotangents.set(x.name, before ? op.Add(before, dx) : dx);
    }
  }
  graph.scope = undefined;
  return new Map(targets.map((t) => [t.name, expanded(cotangents.get(t.name) ?? scalar(0, t.dtype), t)]));

  /**
   * The adjoint of broadcasting, done here once so that no rule has to. A rule may also return less than its input's
   * shape: `expanded` fills it.
   */
  function sumTo(d: Value, x: Value): Value {
    const lead = d.shape.length - x.shape.length;
    if (lead < 0) return op.Reshape(d, { to: [...x.shape.slice(0, -lead).map(() => 1), ...d.shape] });
    const axes = d.shape.flatMap((n, i) => (i < lead || (x.shape[i - lead] === 1 && n !== 1) ? [i] : []));
    if (!axes.length) return d;
    const sum = op.ReduceSum(d, { axes });
    return lead > 0 ? op.Reshape(sum, { to: sum.shape.slice(lead) }) : sum;
  }
  function expanded(d: Value, x: Value): Value {
    return d.shape.join() === x.shape.join() ? d : op.Expand(d, { to: fixed(x.shape) });
  }
}

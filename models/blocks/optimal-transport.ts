/** Optimal transport between two sets of tokens by an inexact proximal point method (IPOT, Xie et al. 2020). */
import type { Dim, Value } from "../onnx/graph";
import type { Builder } from "./builder";

export interface TransportSpec {
  /** β: the larger, the smaller a step towards the optimum. */
  beta: number;
  /** Proximal steps, and in each of them scalings of rows and columns. */
  outer: number;
  inner: number;
}

/**
 * How much of each y goes to each x at the least cost, where each of the x that take part gets the same, and each y
 * gives the same: a plan whose sum is 1. It takes no gradient.
 *
 * cost: float32 [B, X, Y]; x: float32 [B, X] and y: float32 [B, Y], 1 where one takes part and 0 where not → float32
 * [B, Y, X]. As ViLT's `ipot` (dandelin/ViLT, vilt/modules/objectives.py): A = exp(−Cᵀ/β), T = 1, σ = 1/|x|; repeated
 * is Q = A∘T, δ = 1/(|y|·Qσ), σ = 1/(|x|·Qᵀδ), T = δ·Q·σ.
 */
export function transportPlan(
  builder: Builder,
  cost: Value,
  [x, y]: readonly [Value, Value],
  spec: TransportSpec,
): Value {
  const { op, constant } = builder;
  const [batch, xs, ys] = cost.shape as [Dim, Dim, Dim];
  const one = constant([1]);
  const asColumn = (value: Value, count: Dim) => op.Reshape(value, { to: [batch, count, 1] });
  const [xColumn, yColumn] = [asColumn(x, xs), asColumn(y, ys)];
  const xRow = op.Reshape(x, { to: [batch, 1, xs] });
  const countOf = (value: Value) => op.Max(op.ReduceSum(value, { axes: [1] }), one);
  const [xCount, yCount] = [countOf(xColumn), countOf(yColumn)];
  const both = op.MatMul(yColumn, xRow);
  const turned = op.Transpose(op.StopGradient(cost), { perm: [0, 2, 1] });
  const kernel = op.Mul(op.Exp(op.Div(turned, constant([-spec.beta]))), both);
  /** 1 / (count · product) where one takes part, and 0 where not. */
  const scaled = (part: Value, count: Value, product: Value) =>
    op.Div(part, op.Add(op.Mul(count, product), op.Sub(one, part)));
  let plan = both;
  let sigma = op.Div(xColumn, xCount);
  for (let step = 0; step < spec.outer; step++) {
    const mixed = op.Mul(kernel, plan);
    const across = op.Transpose(mixed, { perm: [0, 2, 1] });
    let delta = yColumn;
    for (let scaling = 0; scaling < spec.inner; scaling++) {
      delta = scaled(yColumn, yCount, op.MatMul(mixed, sigma));
      sigma = scaled(xColumn, xCount, op.MatMul(across, delta));
    }
    plan = op.Mul(op.Mul(delta, mixed), op.Reshape(sigma, { to: [batch, 1, xs] }));
  }
  return op.StopGradient(plan);
}

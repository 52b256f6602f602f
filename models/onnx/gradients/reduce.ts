import type { Value } from "../graph";
import type * as ops from "../ops/reduce";
import { axisOf, fixed, reduced, sizeOf } from "../shape";
import { others, withoutZeros, zerosOf } from "./product";
import { arg, type RuleContext, type RulesOf } from "./rule";

type Reducing = RuleContext<ops.Reduce>;
/** A reduced value with its axes kept as 1, so that it broadcasts against the input. */
const kept = (c: Reducing, v: Value): Value => c.op.Reshape(v, { to: reduced(arg(c).shape, c.attrs.axes) });
const axesOf = (c: Reducing): readonly number[] => c.attrs.axes ?? arg(c).shape.map((_, i) => i);
const count = (c: Reducing): number => sizeOf(arg(c).shape) / sizeOf(reduced(arg(c).shape, c.attrs.axes));
/** All that attained the extreme share its gradient evenly, as in PyTorch's amax. */
export const extreme = (c: Reducing): Value => {
  const { op } = c;
  const hit = op.Cast(op.Equal(arg(c), kept(c, c.y)), { dtype: c.dy.dtype });
  return op.Mul(kept(c, c.dy), op.Div(hit, op.ReduceSum(hit, { axes: axesOf(c) })));
};

export const reduce: RulesOf<typeof ops> = {
  ReduceSum: [(c) => kept(c, c.dy)],
  ReduceMean: [(c) => c.op.Mul(kept(c, c.dy), c.scalar(1 / count(c)))],
  ReduceMax: [extreme],
  ReduceMin: [extreme],
  ReduceProd: [
    (c) => {
      const sum = c.op.ReduceSum(zerosOf(c, arg(c)), { axes: axesOf(c) });
      const product = c.op.ReduceProd(withoutZeros(c, arg(c)), { axes: axesOf(c) });
      return c.op.Mul(kept(c, c.dy), others(c, arg(c), product, sum));
    },
  ],
  ReduceL1: [(c) => c.op.Mul(kept(c, c.dy), c.op.Sign(arg(c)))],
  // A vector of length 0 gets a gradient of 0.
  ReduceL2: [(c) => c.op.Mul(arg(c), kept(c, c.op.Div(c.dy, withoutZeros(c, c.y))))],
  ReduceSumSquare: [(c) => c.op.Mul(arg(c), kept(c, c.op.Mul(c.dy, c.scalar(2))))],
  ReduceLogSum: [(c) => kept(c, c.op.Div(c.dy, c.op.Exp(c.y)))],
  ReduceLogSumExp: [(c) => c.op.Mul(kept(c, c.dy), c.op.Exp(c.op.Sub(arg(c), kept(c, c.y))))],
  Softmax: [({ op, dy, y, attrs }) => op.Mul(y, op.Sub(dy, op.ReduceSum(op.Mul(dy, y), { axes: [attrs.axis ?? -1] })))],
  LogSoftmax: [({ op, dy, y, attrs }) => op.Sub(dy, op.Mul(op.Exp(y), op.ReduceSum(dy, { axes: [attrs.axis ?? -1] })))],
  CumSum: [({ op, dy, attrs }) => op.CumSum(dy, { ...attrs, reverse: attrs.reverse ? 0 : 1 })],
  ArgMax: [null],
  ArgMin: [null],
  TopK: [
    ({ op, dy, x, ys, attrs, scalar }) => {
      const { shape } = arg({ x });
      return op.ScatterElements(op.Expand(scalar(0), { to: fixed(shape) }), ys[1] as Value, dy, {
        axis: axisOf(attrs.axis ?? -1, shape.length),
        reduction: "add",
      });
    },
  ],
};

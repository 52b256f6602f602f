import type { Value } from "../graph";
import type * as ops from "../ops/reduce";
import { axisOf, fixed, reduced, sizeOf } from "../shape";
import type { RuleContext, RulesOf } from "./rule";

type Reducing = RuleContext<ops.Reduce>;
/** A reduced value with its axes kept as 1, so that it broadcasts against the input. */
const kept = ({ op, x, attrs }: Reducing, v: Value): Value => op.Reshape(v, { to: reduced((x[0] as Value).shape, attrs.axes) });
const count = ({ x, attrs }: Reducing): number => sizeOf((x[0] as Value).shape) / sizeOf(reduced((x[0] as Value).shape, attrs.axes));
/** All that attained the extreme share its gradient evenly, as in PyTorch's amax. */
const extreme = (c: Reducing): Value => {
  const { op, x } = c, hit = op.Cast(op.Equal(x[0] as Value, kept(c, c.y)), { dtype: c.dy.dtype });
  return op.Mul(kept(c, c.dy), op.Div(hit, op.ReduceSum(hit, { axes: c.attrs.axes ?? (x[0] as Value).shape.map((_, i) => i) })));
};

export const reduce: RulesOf<typeof ops> = {
  ReduceSum: [(c) => kept(c, c.dy)],
  ReduceMean: [(c) => c.op.Mul(kept(c, c.dy), c.scalar(1 / count(c)))],
  ReduceMax: [extreme],
  ReduceMin: [extreme],
  ReduceL2: [(c) => c.op.Mul(c.x[0] as Value, kept(c, c.op.Div(c.dy, c.y)))],
  ReduceSumSquare: [(c) => c.op.Mul(c.x[0] as Value, kept(c, c.op.Mul(c.dy, c.scalar(2))))],
  ReduceLogSumExp: [(c) => c.op.Mul(kept(c, c.dy), c.op.Exp(c.op.Sub(c.x[0] as Value, kept(c, c.y))))],
  Softmax: [({ op, dy, y, attrs }) => op.Mul(y, op.Sub(dy, op.ReduceSum(op.Mul(dy, y), { axes: [attrs.axis ?? -1] })))],
  LogSoftmax: [({ op, dy, y, attrs }) => op.Sub(dy, op.Mul(op.Exp(y), op.ReduceSum(dy, { axes: [attrs.axis ?? -1] })))],
  CumSum: [({ op, dy, attrs }) => op.CumSum(dy, { ...attrs, reverse: attrs.reverse ? 0 : 1 })],
  ArgMax: [null],
  TopK: [({ op, dy, x, ys, attrs, scalar }) => {
    const { shape } = x[0] as Value;
    return op.ScatterElements(op.Expand(scalar(0), { to: fixed(shape) }), ys[1] as Value, dy, { axis: axisOf(attrs.axis ?? -1, shape.length), reduction: "add" });
  }],
};

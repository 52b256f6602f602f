import type { Attrs, Value } from "../graph";
import type * as ops from "../ops/normalization";
import { axisOf, fixed, sizeOf } from "../shape";
import { withoutZeros } from "./product";
import { arg, type OpRules, type Rule, type RuleContext, type RulesOf } from "./rule";

type C = RuleContext<Attrs>;
/** The adjoint of n = (x − mean) / std over some axes, for the cotangent of n. */
function standardized({ op }: C, d: Value, n: Value, rstd: Value, axes: readonly number[]): Value {
  const mean = (v: Value) => op.ReduceMean(v, { axes });
  return op.Mul(rstd, op.Sub(op.Sub(d, mean(d)), op.Mul(n, mean(op.Mul(d, n)))));
}
const axesFrom = (axis: number, rank: number): number[] =>
  Array.from({ length: rank - axisOf(axis, rank) }, (_, i) => axisOf(axis, rank) + i);

/**
 * What the gradients of a layer norm have in common: x less its mean, and dy times that. 1/std is left to numbers of
 * which each row has one.
 */
const layer = {
  centred: ({ op, x, ys }: C): Value => op.Sub(arg({ x }), ys[1] as Value),
  product: (c: C): Value => c.op.Mul(c.dy, layer.centred(c)),
};

/** The mean of each row of v · γ, where γ lies along the last axis; without making v · γ. */
function weightedMean({ op, scalar }: C, v: Value, gamma: Value): Value {
  const [width] = fixed(gamma.shape) as [number];
  return op.MatMul(v, op.Reshape(op.Mul(gamma, scalar(1 / width)), { to: [width, 1] }));
}

const rms: OpRules<{ axis?: number; epsilon?: number }> = [
  (c) => {
    const { op, dy, ys, attrs } = c;
    const n = op.Div(arg(c), ys[1] as Value);
    const d = op.Mul(dy, arg(c, 1));
    return op.Div(
      op.Sub(d, op.Mul(n, op.ReduceMean(op.Mul(d, n), { axes: axesFrom(attrs.axis ?? -1, dy.shape.length) }))),
      ys[1] as Value,
    );
  },
  (c) => c.op.Mul(c.dy, c.op.Div(arg(c), c.ys[1] as Value)),
];

/** Every axis but that of the channels. */
const notChannels = (v: Value): number[] => v.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
/** One number per channel, placed to be broadcast over [N, C, …]. */
const overChannels = (c: C, v: Value): Value =>
  c.op.Reshape(v, { to: [fixed(v.shape)[0] as number, ...c.dy.shape.slice(2).map(() => 1)] });
const perChannel = (c: C, v: Value): Value => c.op.ReduceSum(v, { axes: notChannels(v), keepdims: 0 });

/** x̂·scale + bias in one pass of the runtime, where x̂ is x normalized with the op's own statistics. */
const affine = (c: RuleContext<{ epsilon?: number }>, scale: Value, bias: Value): Value =>
  c.op.BatchNormalization(arg(c), scale, bias, arg(c, 3), arg(c, 4), c.attrs);
const batch = {
  centred: (c: C): Value => c.op.Sub(arg(c), overChannels(c, arg(c, 3))),
  rstd: ({ op, x, attrs, scalar }: RuleContext<{ epsilon?: number }>): Value =>
    op.Reciprocal(op.Sqrt(op.Add(arg({ x }, 4), scalar(attrs.epsilon ?? 1e-5)))),
};
/** Σ dy·x̂. 1/std is left to the sums, of which each channel has one. */
const toScale: Rule<{ epsilon?: number }> = (c) =>
  c.op.Mul(perChannel(c, c.op.Mul(c.dy, batch.centred(c))), batch.rstd(c));
const toBias: Rule<Attrs> = (c) => perChannel(c, c.dy);

/** For ops over groups of channels, which give the normalized groups and 1/std. */
const grouped: readonly Rule<Attrs>[] = [
  (c) => {
    const [, n, rstd] = c.ys as [Value, Value, Value];
    const d = c.op.Reshape(c.op.Mul(c.dy, overChannels(c, arg(c, 1))), { to: fixed(n.shape) });
    return c.op.Reshape(standardized(c, d, n, rstd, [2]), { to: fixed(arg(c).shape) });
  },
  (c) => perChannel(c, c.op.Mul(c.dy, c.op.Reshape(c.ys[1] as Value, { to: fixed(c.dy.shape) }))),
  toBias,
];

export const normalization: RulesOf<typeof ops> = {
  // (d − mean d − x̂·mean(d·x̂)) / std, where d is dy·γ.
  LayerNormalization: [
    (c) => {
      const { op, dy } = c;
      const [gamma, rstd] = [arg(c, 1), c.ys[2] as Value];
      const axes = axesFrom(c.attrs.axis ?? -1, dy.shape.length);
      const d = op.Mul(dy, gamma);
      const mean = (v: Value) =>
        axes.length === 1 && v.shape.length > 1 ? weightedMean(c, v, gamma) : op.ReduceMean(op.Mul(v, gamma), { axes });
      const along = op.Mul(layer.centred(c), op.Mul(mean(layer.product(c)), op.Mul(rstd, rstd)));
      return op.Mul(op.Sub(op.Sub(d, op.ReduceMean(d, { axes })), along), rstd);
    },
    (c) => c.op.Mul(layer.product(c), c.ys[2] as Value),
    ({ dy }) => dy,
  ],
  RMSNormalization: rms,
  SimplifiedLayerNormalization: rms,
  LpNormalization: [
    (context) => {
      const { op, dy, y } = context;
      const { axis = -1, p = 2 } = context.attrs;
      const sum = op.ReduceSum(op.Mul(dy, y), { axes: [axis] });
      const length = op[p === 1 ? "ReduceL1" : "ReduceL2"](arg(context), { axes: [axis] });
      const slope = p === 1 ? op.Sign(arg(context)) : y;
      return op.Div(op.Sub(dy, op.Mul(slope, sum)), withoutZeros(context, length));
    },
  ],
  BatchNormalization: [
    (c) => c.op.Mul(c.dy, overChannels(c, c.op.Mul(arg(c, 1), batch.rstd(c)))),
    toScale,
    toBias,
    (c) => c.op.Neg(c.op.Mul(perChannel(c, c.dy), c.op.Mul(arg(c, 1), batch.rstd(c)))),
    (c) => c.op.Mul(toScale(c), c.op.Mul(c.op.Mul(arg(c, 1), c.scalar(-0.5)), c.op.Mul(batch.rstd(c), batch.rstd(c)))),
  ],
  // scale/std · (dy − Σdy/n − x̂·Σ(dy·x̂)/n), the last two terms as one normalization with another scale and bias.
  TrainingBatchNormalization: [
    (c) => {
      const { op, dy } = c;
      const k = op.Mul(arg(c, 1), batch.rstd(c));
      const share = op.Mul(k, c.scalar((fixed(dy.shape)[1] as number) / sizeOf(dy.shape)));
      return op.Sub(op.Mul(dy, overChannels(c, k)), affine(c, op.Mul(share, toScale(c)), op.Mul(share, toBias(c))));
    },
    toScale,
    toBias,
    null,
    null,
  ],
  GroupNormalization: grouped,
  InstanceNormalization: grouped,
};

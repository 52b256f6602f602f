import type { Value } from "../graph";
import type * as ops from "../ops/normalization";
import { axisOf } from "../shape";
import type { RuleContext, RulesOf } from "./rule";

/** The normalized input: (x − mean) / std. */
const normalized = ({ op, x, ys }: RuleContext<{ axis?: number }>): Value => op.Mul(op.Sub(x[0] as Value, ys[1] as Value), ys[2] as Value);

export const normalization: RulesOf<typeof ops> = {
  LayerNormalization: [
    (c) => {
      const { op, dy, x, ys, attrs } = c, rank = dy.shape.length, from = axisOf(attrs.axis ?? -1, rank);
      const axes = Array.from({ length: rank - from }, (_, i) => from + i);
      const mean = (v: Value) => op.ReduceMean(v, { axes }), n = normalized(c), d = op.Mul(dy, x[1] as Value);
      return op.Mul(ys[2] as Value, op.Sub(op.Sub(d, mean(d)), op.Mul(n, mean(op.Mul(d, n)))));
    },
    (c) => c.op.Mul(c.dy, normalized(c)),
    ({ dy }) => dy,
  ],
};

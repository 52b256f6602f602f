import type { Value } from "../graph";
import type { RuleContext } from "./rule";

type C = Pick<RuleContext<{}>, "op" | "scalar">;
/** x, with 1 in place of 0. */
export const withoutZeros = ({ op, scalar }: C, x: Value): Value => op.Where(op.Equal(x, scalar(0)), scalar(1), x);
/** 1 where x is 0, else 0. */
export const zerosOf = ({ op, scalar }: C, x: Value): Value => op.Cast(op.Equal(x, scalar(0)), { dtype: x.dtype });

/**
 * The product of all other factors, for each factor x: the derivative of a product, zeros included. `product` is that
 * of the factors that are not zero, `zeros` how many are.
 */
export function others({ op, scalar }: C, x: Value, product: Value, zeros: Value): Value {
  const alone = op.Where(op.Less(zeros, scalar(1.5)), product, scalar(0));
  const rest = op.Where(op.Less(zeros, scalar(0.5)), product, scalar(0));
  return op.Where(op.Equal(x, scalar(0)), alone, op.Div(rest, withoutZeros({ op, scalar }, x)));
}

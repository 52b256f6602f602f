import type { Value } from "../graph";
import type * as ops from "../ops/elementwise";
import type { RuleContext, RulesOf } from "./rule";

type C = RuleContext<{}>;
const arg = (c: { x: readonly Value[] }, i = 0): Value => c.x[i] as Value;
/** dy where the mask holds, else 0. */
const where = ({ op, dy, scalar }: C, mask: Value): Value => op.Where(mask, dy, scalar(0));
/** dy · f. */
const times = (f: (c: C) => Value) => (c: C): Value => c.op.Mul(c.dy, f(c));
const square = (c: C, x: Value): Value => c.op.Mul(x, x);

/** The slope of min or max: a tie goes to the first input, as in a comparison sort. */
const chosen = (first: "LessOrEqual" | "GreaterOrEqual") => [
  (c: C) => where(c, c.op[first](arg(c, 0), arg(c, 1))),
  (c: C) => where(c, c.op.Not(c.op[first](arg(c, 0), arg(c, 1)))),
];

const tanhGelu = { a: Math.sqrt(2 / Math.PI), b: 0.044715 };

export const elementwise: RulesOf<typeof ops> = {
  Add: [({ dy }) => dy, ({ dy }) => dy],
  Sub: [({ dy }) => dy, ({ op, dy }) => op.Neg(dy)],
  Mul: [times((c) => arg(c, 1)), times((c) => arg(c, 0))],
  Div: [({ op, dy, x }) => op.Div(dy, x[1] as Value), (c) => c.op.Neg(c.op.Mul(c.dy, c.op.Div(c.y, arg(c, 1))))],
  // The exponent's derivative holds for positive bases; a base of zero gives none instead of 0·log 0.
  Pow: [
    times((c) => c.op.Mul(arg(c, 1), c.op.Pow(arg(c, 0), c.op.Sub(arg(c, 1), c.scalar(1))))),
    times(({ op, x, y, scalar }) => op.Mul(y, op.Log(op.Where(op.Greater(x[0] as Value, scalar(0)), x[0] as Value, scalar(1))))),
  ],
  Min: chosen("LessOrEqual"),
  Max: chosen("GreaterOrEqual"),

  Neg: [({ op, dy }) => op.Neg(dy)],
  Abs: [times((c) => c.op.Sign(arg(c)))],
  Sign: [null],
  Floor: [null],
  Reciprocal: [(c) => c.op.Neg(c.op.Mul(c.dy, square(c, c.y)))],
  Sqrt: [({ op, dy, y, scalar }) => op.Div(op.Mul(dy, scalar(0.5)), y)],
  Exp: [times(({ y }) => y)],
  Log: [({ op, dy, x }) => op.Div(dy, x[0] as Value)],
  Sin: [times((c) => c.op.Cos(arg(c)))],
  Cos: [times((c) => c.op.Neg(c.op.Sin(arg(c))))],
  Erf: [times((c) => c.op.Mul(c.scalar(2 / Math.sqrt(Math.PI)), c.op.Exp(c.op.Neg(square(c, arg(c))))))],
  Sigmoid: [times(({ op, y, scalar }) => op.Mul(y, op.Sub(scalar(1), y)))],
  Tanh: [times((c) => c.op.Sub(c.scalar(1), square(c, c.y)))],
  Relu: [(c) => where(c, c.op.Greater(c.y, c.scalar(0)))],
  Softplus: [times((c) => c.op.Sigmoid(arg(c)))],
  HardSwish: [times((c) => {
    const { op, scalar } = c, x = arg(c), inside = op.Add(op.Div(x, scalar(3)), scalar(0.5));
    return op.Where(op.Less(x, scalar(-3)), scalar(0), op.Where(op.Greater(x, scalar(3)), scalar(1), inside));
  })],
  Gelu: [(c) => {
    const { op, dy, scalar, attrs } = c, x = arg(c), half = scalar(0.5);
    if (attrs.approximate === "tanh") {
      const xx = op.Mul(x, x), t = op.Tanh(op.Mul(scalar(tanhGelu.a), op.Mul(x, op.Add(scalar(1), op.Mul(scalar(tanhGelu.b), xx)))));
      const slope = op.Mul(scalar(tanhGelu.a), op.Add(scalar(1), op.Mul(scalar(3 * tanhGelu.b), xx)));
      return op.Mul(dy, op.Mul(half, op.Add(op.Add(scalar(1), t), op.Mul(op.Mul(x, op.Sub(scalar(1), op.Mul(t, t))), slope))));
    }
    const cdf = op.Mul(half, op.Add(scalar(1), op.Erf(op.Mul(x, scalar(Math.SQRT1_2)))));
    const pdf = op.Mul(op.Exp(op.Mul(scalar(-0.5), op.Mul(x, x))), scalar(1 / Math.sqrt(2 * Math.PI)));
    return op.Mul(dy, op.Add(cdf, op.Mul(x, pdf)));
  }],
  Clip: [(c) => where(c, c.op.And(c.op.GreaterOrEqual(arg(c), arg(c, 1)), c.op.LessOrEqual(arg(c), arg(c, 2)))), (c) => where(c, c.op.Less(arg(c), arg(c, 1))), (c) => where(c, c.op.Greater(arg(c), arg(c, 2)))],
  Identity: [({ dy }) => dy],
  StopGradient: [null],

  Greater: [null, null],
  GreaterOrEqual: [null, null],
  Less: [null, null],
  LessOrEqual: [null, null],
  Equal: [null, null],
  And: [null, null],
  Or: [null, null],
  Not: [null],
  Where: [null, (c) => where(c, arg(c)), (c) => c.op.Where(arg(c), c.scalar(0), c.dy)],
  Cast: [({ op, dy, x }) => op.Cast(dy, { dtype: (x[0] as Value).dtype })],
};

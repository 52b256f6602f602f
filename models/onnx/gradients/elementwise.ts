import type { Value } from "../graph";
import type * as ops from "../ops/elementwise";
import { arg, type RuleContext, type RulesOf, times, where } from "./rule";

type C = RuleContext<{}>;
const square = (c: C, x: Value): Value => c.op.Mul(x, x);

/** The slope of min or max: a tie goes to the first input, as in a comparison sort. */
const chosen = (first: "LessOrEqual" | "GreaterOrEqual") => [
  (c: C) => where(c, c.op[first](arg(c, 0), arg(c, 1))),
  (c: C) => where(c, c.op.Not(c.op[first](arg(c, 0), arg(c, 1)))),
];

export const elementwise: RulesOf<typeof ops> = {
  Add: [({ dy }) => dy, ({ dy }) => dy],
  Sub: [({ dy }) => dy, ({ op, dy }) => op.Neg(dy)],
  Mul: [times((c) => arg(c, 1)), times((c) => arg(c, 0))],
  Div: [({ op, dy, x }) => op.Div(dy, x[1] as Value), (c) => c.op.Neg(c.op.Mul(c.dy, c.op.Div(c.y, arg(c, 1))))],
  // The exponent's derivative holds for positive bases; a base of zero gives none instead of 0·log 0.
  Pow: [
    times((c) => {
      const exponent = arg(c, 1).dtype === c.dy.dtype ? arg(c, 1) : c.op.Cast(arg(c, 1), { dtype: c.dy.dtype });
      return c.op.Mul(exponent, c.op.Pow(arg(c, 0), c.op.Sub(exponent, c.scalar(1))));
    }),
    times(({ op, x, y, scalar }) =>
      op.Mul(y, op.Log(op.Where(op.Greater(x[0] as Value, scalar(0)), x[0] as Value, scalar(1)))),
    ),
  ],
  // a − b·trunc(a / b), and for whole numbers b·⌊a / b⌋: either way the quotient is a constant between its jumps.
  Mod: [({ dy }) => dy, (c) => c.op.Neg(c.op.Mul(c.dy, c.op.Div(c.op.Sub(arg(c), c.y), arg(c, 1))))],
  Min: chosen("LessOrEqual"),
  Max: chosen("GreaterOrEqual"),

  Neg: [({ op, dy }) => op.Neg(dy)],
  Abs: [times((c) => c.op.Sign(arg(c)))],
  Sign: [null],
  Floor: [null],
  Ceil: [null],
  Round: [null],
  Reciprocal: [(c) => c.op.Neg(c.op.Mul(c.dy, square(c, c.y)))],
  Sqrt: [({ op, dy, y, scalar }) => op.Div(op.Mul(dy, scalar(0.5)), y)],
  Exp: [times(({ y }) => y)],
  Log: [({ op, dy, x }) => op.Div(dy, x[0] as Value)],
  Sin: [times((c) => c.op.Cos(arg(c)))],
  Cos: [times((c) => c.op.Neg(c.op.Sin(arg(c))))],
  Tan: [times((c) => c.op.Add(c.scalar(1), square(c, c.y)))],
  Asin: [(c) => c.op.Div(c.dy, c.op.Sqrt(c.op.Sub(c.scalar(1), square(c, arg(c)))))],
  Acos: [(c) => c.op.Neg(c.op.Div(c.dy, c.op.Sqrt(c.op.Sub(c.scalar(1), square(c, arg(c))))))],
  Atan: [(c) => c.op.Div(c.dy, c.op.Add(c.scalar(1), square(c, arg(c))))],
  Sinh: [times((c) => c.op.Cosh(arg(c)))],
  Cosh: [times((c) => c.op.Sinh(arg(c)))],
  Erf: [times((c) => c.op.Mul(c.scalar(2 / Math.sqrt(Math.PI)), c.op.Exp(c.op.Neg(square(c, arg(c))))))],
  Sigmoid: [times(({ op, y, scalar }) => op.Mul(y, op.Sub(scalar(1), y)))],
  Tanh: [times((c) => c.op.Sub(c.scalar(1), square(c, c.y)))],
  Clip: [
    (c) => where(c, c.op.And(c.op.GreaterOrEqual(arg(c), arg(c, 1)), c.op.LessOrEqual(arg(c), arg(c, 2)))),
    (c) => where(c, c.op.Less(arg(c), arg(c, 1))),
    (c) => where(c, c.op.Greater(arg(c), arg(c, 2))),
  ],
  Identity: [({ dy }) => dy],
  StopGradient: [null],
  Dropout: [({ op, dy, x, attrs }) => op.Dropout(dy, arg({ x }, 1), attrs), null],

  Greater: [null, null],
  GreaterOrEqual: [null, null],
  Less: [null, null],
  LessOrEqual: [null, null],
  Equal: [null, null],
  And: [null, null],
  Or: [null, null],
  Xor: [null, null],
  Not: [null],
  IsNaN: [null],
  IsInf: [null],
  Where: [null, (c) => where(c, arg(c)), (c) => c.op.Where(arg(c), c.scalar(0), c.dy)],
  Cast: [({ op, dy, x }) => op.Cast(dy, { dtype: (x[0] as Value).dtype })],
};

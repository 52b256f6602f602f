/** The gradients of products of matrices. */

import { parseEquation } from "../equation";
import type { Value } from "../graph";
import type * as ops from "../ops/matmul";
import { fixed, turnedAxes, turnsMatrices } from "../shape";
import type { RuleContext, RulesOf } from "./rule";

type C = RuleContext<{}>;
const two = ({ x }: { x: readonly Value[] }): [Value, Value] => x as [Value, Value];
const swapped = (c: C, v: Value): Value => c.op.Transpose(v, { perm: turnedAxes(v.shape.length) });
const isSwapped = (c: C, v: Value): boolean => {
  const maker = c.makerOf(v);
  return maker?.op === "Transpose" && turnsMatrices(maker.attrs.perm as readonly number[]);
};
/** All rows of a stack of matrices, as one matrix. */
const rows = (c: C, v: Value): Value => {
  const shape = fixed(v.shape);
  const last = shape.at(-1) as number;
  return shape.length === 2 ? v : c.op.Reshape(v, { to: [shape.reduce((a, b) => a * b, 1) / last, last] });
};

export const matmul: RulesOf<typeof ops> = {
  MatMul: [
    (c) => {
      const [a, b] = two(c);
      if (b.shape.length > 2 || a.shape.length === 2) return c.op.MatMul(c.dy, swapped(c, b));
      return c.op.Reshape(c.op.Gemm(rows(c, c.dy), b, { transB: 1 }), { to: fixed(a.shape) });
    },
    (c) => {
      const [a, b] = two(c);
      // A weight under many rows: one product over all of them, instead of a product for each row and a sum.
      if (b.shape.length === 2) return c.op.Gemm(rows(c, a), rows(c, c.dy), { transA: 1 });
      // Of a stack that was turned, as keys are: turned back later on, so that the product is made as the keys lie.
      return isSwapped(c, b) ? swapped(c, c.op.MatMul(swapped(c, c.dy), a)) : c.op.MatMul(swapped(c, a), c.dy);
    },
  ],
  Gemm: [
    (c) => {
      const { transA = 0, transB = 0, alpha = 1 } = c.attrs;
      const [, b] = two(c);
      return transA
        ? c.op.Gemm(b, c.dy, { transA: transB, transB: 1, alpha })
        : c.op.Gemm(c.dy, b, { transB: transB ? 0 : 1, alpha });
    },
    (c) => {
      const { transA = 0, transB = 0, alpha = 1 } = c.attrs;
      const [a] = two(c);
      return transB
        ? c.op.Gemm(c.dy, a, { transA: 1, transB: transA, alpha })
        : c.op.Gemm(a, c.dy, { transA: transA ? 0 : 1, alpha });
    },
    (c) => c.op.Mul(c.dy, c.scalar(c.attrs.beta ?? 1)),
  ],
  // The operand and the result change places. Axes that only this operand has were summed away: they become 1, and are
  // broadcast.
  Einsum:
    (i) =>
    ({ op, dy, x, attrs }) => {
      const { inputs, output } = parseEquation(
        attrs.equation,
        x.map((v) => v.shape.length),
      );
      const rest = (list: readonly unknown[]) => list.filter((_, j) => j !== i);
      const wanted = inputs[i] as readonly string[];
      const terms = [output, ...rest(inputs)] as string[][];
      const kept = wanted.filter((l) => terms.some((t) => t.includes(l)));
      const d = op.Einsum(dy, ...(rest(x) as Value[]), {
        equation: `${terms.map((t) => t.join("")).join()}->${kept.join("")}`,
      });
      return kept.length === wanted.length
        ? d
        : op.Reshape(d, {
            to: wanted.map((l) => (kept.includes(l) ? (fixed(d.shape)[kept.indexOf(l)] as number) : 1)),
          });
    },
};

import type { Value } from "../graph";
import type * as ops from "../ops/resize";
import { resamplingMatrix } from "../resampling";
import { axisOf, fixed, sizeOf } from "../shape";
import { arg, type RuleContext, type RulesOf } from "./rule";

/** One axis back to `from` rows: by the transpose of the matrix that resized it. */
function shrink(c: RuleContext<{}>, dy: Value, at: number, from: number, matrix: readonly number[]): Value {
  const { op } = c;
  const shape = fixed(dy.shape);
  const to = shape[at] as number;
  const lead = shape.slice(0, at);
  const tail = shape.slice(at + 1);
  const times = to / from;
  // Rows that were repeated are summed.
  if (
    Number.isInteger(times) &&
    matrix.every((weight, i) => weight === (Math.floor(Math.floor(i / from) / times) === i % from ? 1 : 0))
  )
    return op.ReduceSum(op.Reshape(dy, { to: [...lead, from, times, ...tail] }), { axes: [at + 1], keepdims: 0 });
  if (!tail.length) return op.MatMul(dy, c.floats(matrix, [to, from]));
  const transposed = Array.from(
    { length: from * to },
    (_, i) => matrix[(i % to) * from + Math.floor(i / to)] as number,
  );
  return op.Reshape(
    op.MatMul(c.floats(transposed, [from, to]), op.Reshape(dy, { to: [sizeOf(lead), to, sizeOf(tail)] })),
    { to: [...lead, from, ...tail] },
  );
}

export const resize: RulesOf<typeof ops> = {
  Resize: [
    (c) => {
      const { dy } = c;
      const { axes, sizes, scales, roi, ...how } = c.attrs;
      const shape = fixed(arg(c).shape);
      const before = fixed(dy.shape);
      return (axes ?? shape.map((_, i) => i)).reduce((d, axis, i) => {
        const at = axisOf(axis, shape.length);
        const from = shape[at] as number;
        const to = before[at] as number;
        const scale = scales?.[i] ?? to / from;
        return from === to && scale === 1 ? d : shrink(c, d, at, from, resamplingMatrix(from, to, scale, how));
      }, dy);
    },
  ],
};

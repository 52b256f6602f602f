import type { Value } from "../graph";
import type * as ops from "../ops/resize";
import { resamplingMatrix } from "../resampling";
import { axisOf, fixed, sizeOf } from "../shape";
import { arg, type RuleContext, type RulesOf } from "./rule";

/** One axis back to the rows it had `before`: by the transpose of the matrix that resized it. */
function shrink(context: RuleContext<{}>, dy: Value, axis: number, before: number, matrix: readonly number[]): Value {
  const { op } = context;
  const shape = fixed(dy.shape);
  const after = shape[axis] as number;
  const lead = shape.slice(0, axis);
  const tail = shape.slice(axis + 1);
  const times = after / before;
  // Rows that were repeated are summed.
  if (
    Number.isInteger(times) &&
    matrix.every((weight, i) => weight === (Math.floor(Math.floor(i / before) / times) === i % before ? 1 : 0))
  )
    return op.ReduceSum(op.Reshape(dy, { to: [...lead, before, times, ...tail] }), { axes: [axis + 1], keepdims: 0 });
  if (!tail.length) return op.MatMul(dy, context.floats(matrix, [after, before]));
  const transposed = Array.from(
    { length: before * after },
    (_, i) => matrix[(i % after) * before + Math.floor(i / after)] as number,
  );
  return op.Reshape(
    op.MatMul(context.floats(transposed, [before, after]), op.Reshape(dy, { to: [sizeOf(lead), after, sizeOf(tail)] })),
    { to: [...lead, before, ...tail] },
  );
}

export const resize: RulesOf<typeof ops> = {
  Resize: [
    (context) => {
      const { dy } = context;
      const { axes, sizes, scales, roi, ...how } = context.attrs;
      const shape = fixed(arg(context).shape);
      const sizesNow = fixed(dy.shape);
      return (axes ?? shape.map((_, i) => i)).reduce((d, named, i) => {
        const axis = axisOf(named, shape.length);
        const before = shape[axis] as number;
        const after = sizesNow[axis] as number;
        const scale = scales?.[i] ?? after / before;
        return before === after && scale === 1
          ? d
          : shrink(context, d, axis, before, resamplingMatrix(before, after, scale, how));
      }, dy);
    },
  ],
};

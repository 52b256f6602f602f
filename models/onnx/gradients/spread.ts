import type { Value } from "../graph";
import type { Ops } from "../ops/index";
import { fixed } from "../shape";

/** `step − 1` zeros between the rows of an axis: the adjoint of taking every `step`-th row. */
export function spread(op: Ops, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  // A new axis of length `step`, folded in, less its tail.
  const now = fixed(x.shape);
  const n = now[axis] as number;
  const wide = now.toSpliced(axis + 1, 0, 1);
  const none = wide.map(() => 0);
  const padded = op.Pad(op.Reshape(x, { to: wide }), { pads: [...none, ...none.with(axis + 1, step - 1)] });
  return op.Slice(op.Reshape(padded, { to: now.with(axis, n * step) }), {
    starts: [0],
    ends: [(n - 1) * step + 1],
    axes: [axis],
  });
}

/** The rows of an axis in reverse. */
export const reversed = (op: Ops, x: Value, axis: number): Value =>
  op.Slice(x, { starts: [-1], ends: [-(fixed(x.shape)[axis] as number) - 1], axes: [axis], steps: [-1] });

/** An axis of `size` zeros with x at `start`. */
export function placed(op: Ops, x: Value, axis: number, start: number, size: number): Value {
  const none = x.shape.map(() => 0);
  const after = size - start - (fixed(x.shape)[axis] as number);
  return start === 0 && after === 0 ? x : op.Pad(x, { pads: [...none.with(axis, start), ...none.with(axis, after)] });
}

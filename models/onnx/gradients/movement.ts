import type { Value } from "../graph";
import type * as ops from "../ops/movement";
import { axisOf, fixed } from "../shape";
import type { RulesOf } from "./rule";

const first = ({ x }: { x: readonly Value[] }): Value => x[0] as Value;

export const movement: RulesOf<typeof ops> = {
  Reshape: [(c) => c.op.Reshape(c.dy, { to: fixed(first(c).shape) })],
  Expand: [({ dy }) => dy],
  Transpose: [({ op, dy, attrs }) => op.Transpose(dy, { perm: attrs.perm.map((_, i) => attrs.perm.indexOf(i)) })],
  Concat: (input) => ({ op, dy, x, attrs }) => {
    const at = axisOf(attrs.axis, dy.shape.length), sizes = x.map((v) => fixed(v.shape)[at] as number);
    const start = sizes.slice(0, input).reduce((a, b) => a + b, 0);
    return op.Slice(dy, { starts: [start], ends: [start + (sizes[input] as number)], axes: [at] });
  },
  Slice: [(c) => {
    const { op, dy, attrs } = c, shape = fixed(first(c).shape), before = shape.map(() => 0), after = shape.map(() => 0);
    let spaced = dy;
    for (const [i, axis] of attrs.axes.entries()) {
      const at = axisOf(axis, shape.length), size = shape[at] as number, step = attrs.steps?.[i] ?? 1, n = fixed(dy.shape)[at] as number;
      const start = Math.min(size, Math.max(0, (attrs.starts[i] as number) < 0 ? (attrs.starts[i] as number) + size : (attrs.starts[i] as number)));
      before[at] = start;
      after[at] = size - start - n;
      if (step === 1) continue;
      // Zeros between the rows that were taken: a new axis of length `step`, then folded in, less its tail.
      const now = fixed(spaced.shape), wide = [...now.slice(0, at + 1), 1, ...now.slice(at + 1)], pads = wide.map(() => 0);
      const padded = op.Pad(op.Reshape(spaced, { to: wide }), { pads: [...pads, ...pads.with(at + 1, step - 1)] });
      const folded = op.Reshape(padded, { to: now.with(at, n * step) }), length = (n - 1) * step + 1;
      spaced = op.Slice(folded, { starts: [0], ends: [length], axes: [at] });
      after[at] = size - start - length;
    }
    return op.Pad(spaced, { pads: [...before, ...after] });
  }],
  Pad: [(c) => {
    if ((c.attrs.mode ?? "constant") !== "constant") throw new Error("Pad has a gradient for constant padding only");
    const shape = fixed(first(c).shape), starts = c.attrs.pads.slice(0, shape.length);
    return c.op.Slice(c.dy, { starts, ends: shape.map((d, i) => d + (starts[i] as number)), axes: shape.map((_, i) => i) });
  }],
  Tile: [(c) => {
    const shape = fixed(first(c).shape), split = shape.flatMap((d, i) => [c.attrs.repeats[i] as number, d]);
    return c.op.ReduceSum(c.op.Reshape(c.dy, { to: split }), { axes: shape.map((_, i) => 2 * i), keepdims: 0 });
  }],
  Trilu: [({ op, dy, attrs }) => op.Trilu(dy, attrs)],
  EyeLike: [null],
};

import type { Value } from "../graph";
import type * as ops from "../ops/movement";
import { axisOf, fixed, sliced } from "../shape";
import { arg, type RuleContext, type RulesOf } from "./rule";
import { placed, reversed, spread } from "./spread";

/** The adjoint of padding one axis from its own rows: what was copied outside is added to where it came from. */
function unpadded(
  { op }: RuleContext<{}>,
  dy: Value,
  axis: number,
  { size, before, after, mode }: { size: number; before: number; after: number; mode: "reflect" | "edge" | "wrap" },
): Value {
  const rows = (start: number, count: number) => op.Slice(dy, { starts: [start], ends: [start + count], axes: [axis] });
  const outside = [
    { part: () => rows(0, before), count: before, first: true },
    { part: () => rows(before + size, after), count: after, first: false },
  ].filter((side) => side.count > 0);
  const folded = (part: Value): Value => {
    if (mode === "edge") return op.ReduceSum(part, { axes: [axis] });
    return mode === "reflect" ? reversed(op, part, axis) : part;
  };
  return outside.reduce(
    (sum, { part, count, first }) => {
      const back = folded(part());
      const near = mode === "reflect" ? 1 : 0;
      const length = mode === "edge" ? 1 : count;
      return op.Add(sum, placed(op, back, axis, first === (mode !== "wrap") ? near : size - length - near, size));
    },
    rows(before, size),
  );
}

export const movement: RulesOf<typeof ops> = {
  Reshape: [(c) => c.op.Reshape(c.dy, { to: fixed(arg(c).shape) })],
  Expand: [({ dy }) => dy],
  Transpose: [({ op, dy, attrs }) => op.Transpose(dy, { perm: attrs.perm.map((_, i) => attrs.perm.indexOf(i)) })],
  Concat:
    (input) =>
    ({ op, dy, x, attrs }) => {
      const axis = axisOf(attrs.axis, dy.shape.length);
      const sizes = x.map((v) => fixed(v.shape)[axis] as number);
      const start = sizes.slice(0, input).reduce((a, b) => a + b, 0);
      return op.Slice(dy, { starts: [start], ends: [start + (sizes[input] as number)], axes: [axis] });
    },
  Slice: [
    (context) => {
      const { op, attrs } = context;
      const shape = fixed(arg(context).shape);
      const before = shape.map(() => 0);
      const after = shape.map(() => 0);
      let d = context.dy;
      for (const [i, named] of attrs.axes.entries()) {
        const axis = axisOf(named, shape.length);
        const size = shape[axis] as number;
        const step = attrs.steps?.[i] ?? 1;
        const n = fixed(context.dy.shape)[axis] as number;
        const { start } = sliced(size, attrs.starts[i] as number, attrs.ends[i] as number, step);
        const length = (n - 1) * Math.abs(step) + 1;
        d = spread(op, step < 0 ? reversed(op, d, axis) : d, axis, Math.abs(step));
        before[axis] = step < 0 ? start - length + 1 : start;
        after[axis] = size - (before[axis] as number) - length;
      }
      return op.Pad(d, { pads: [...before, ...after] });
    },
  ],
  Pad: [
    (context) => {
      const { op } = context;
      const { pads, mode = "constant" } = context.attrs;
      const shape = fixed(arg(context).shape);
      if (mode === "constant") return op.Pad(context.dy, { pads: pads.map((p) => -p) });
      return shape.reduce(
        (d, size, axis) =>
          unpadded(context, d, axis, {
            size,
            before: pads[axis] as number,
            after: pads[axis + shape.length] as number,
            mode,
          }),
        context.dy,
      );
    },
    // The value gets what the input does not.
    ({ op, dy, attrs: { pads } }) =>
      op.Sub(
        dy,
        op.Pad(op.Pad(dy, { pads: pads.map((p) => Math.min(0, -p)) }), { pads: pads.map((p) => Math.max(0, p)) }),
      ),
  ],
  Tile: [
    (c) => {
      const shape = fixed(arg(c).shape);
      const split = shape.flatMap((d, i) => [c.attrs.repeats[i] as number, d]);
      return c.op.ReduceSum(c.op.Reshape(c.dy, { to: split }), { axes: shape.map((_, i) => 2 * i), keepdims: 0 });
    },
  ],
  Trilu: [({ op, dy, attrs }) => op.Trilu(dy, attrs)],
  EyeLike: [null],
  DepthToSpace: [
    (context) => {
      const { op, dy } = context;
      const { blocksize: block, mode } = context.attrs;
      if (mode !== "CRD") return op.SpaceToDepth(dy, { blocksize: block });
      const [n = 0, channels = 0, h = 0, w = 0] = fixed(arg(context).shape);
      return op.Reshape(
        op.Transpose(op.Reshape(dy, { to: [n, channels / block ** 2, h, block, w, block] }), {
          perm: [0, 1, 3, 5, 2, 4],
        }),
        { to: [n, channels, h, w] },
      );
    },
  ],
  SpaceToDepth: [({ op, dy, attrs }) => op.DepthToSpace(dy, { ...attrs, mode: "DCR" })],
};

import type { Attrs, Value } from "../graph";
import type * as ops from "../ops/indexing";
import { axisOf, fixed, sizeOf } from "../shape";
import { others, withoutZeros, zerosOf } from "./product";
import { arg, type Rule, type RuleContext, type RulesOf } from "./rule";

const zeros = (c: RuleContext<Attrs>, shape: readonly number[]): Value => c.op.Expand(c.scalar(0), { to: shape });

interface Access<A extends Attrs> {
  /** What the updates' places hold. */
  read(c: RuleContext<A>, source: Value): Value;
  /** Updates written to their places. */
  write(c: RuleContext<A>, into: Value, updates: Value, reduction: ops.Reduction): Value;
}

/** The rules of a scatter, by the way it addresses elements. */
function scatter<A extends { reduction?: ops.Reduction }>({ read, write }: Access<A>): readonly (Rule<A> | null)[] {
  /** For max and min: dy over how many attained the extreme, and which of data and updates did. */
  const shared = (c: RuleContext<A>) => {
    const hit = (x: Value, y: Value) => c.op.Cast(c.op.Equal(x, y), { dtype: c.dy.dtype });
    const data = hit(arg(c), c.y);
    const updates = hit(arg(c, 2), read(c, c.y));
    return { d: c.op.Div(c.dy, write(c, data, updates, "add")), data, updates };
  };
  /** For mul: of all factors of an element, the product of those that are not zero, and how many are. */
  const product = (c: RuleContext<A>) => write(c, withoutZeros(c, arg(c)), withoutZeros(c, arg(c, 2)), "mul");
  const zeroCount = (c: RuleContext<A>) => write(c, zerosOf(c, arg(c)), zerosOf(c, arg(c, 2)), "add");
  const toData: Record<ops.Reduction, Rule<A>> = {
    none: (c) => write(c, c.dy, zeros(c, fixed(arg(c, 2).shape)), "none"),
    add: ({ dy }) => dy,
    mul: (c) => c.op.Mul(c.dy, others(c, arg(c), product(c), zeroCount(c))),
    max: (c) => {
      const { d, data } = shared(c);
      return c.op.Mul(d, data);
    },
    min: (c) => toData.max(c),
  };
  const toUpdates: Record<ops.Reduction, Rule<A>> = {
    none: (c) => read(c, c.dy),
    add: (c) => read(c, c.dy),
    mul: (c) => c.op.Mul(read(c, c.dy), others(c, arg(c, 2), read(c, product(c)), read(c, zeroCount(c)))),
    max: (c) => {
      const { d, updates } = shared(c);
      return c.op.Mul(read(c, d), updates);
    },
    min: (c) => toUpdates.max(c),
  };
  return [(c) => toData[c.attrs.reduction ?? "none"](c), null, (c) => toUpdates[c.attrs.reduction ?? "none"](c)];
}

export const indexing: RulesOf<typeof ops> = {
  // Rows that were read several times add up.
  Gather: [
    (context) => {
      const { op, dy, attrs } = context;
      const data = arg(context);
      const index = arg(context, 1);
      const shape = fixed(data.shape);
      const axis = axisOf(attrs.axis ?? 0, shape.length);
      const n = sizeOf(index.shape);
      const lead = shape.slice(0, axis);
      const tail = shape.slice(axis + 1);
      const rank = lead.length + 1 + tail.length;
      const flat = op.Reshape(dy, { to: [...lead, n, ...tail] });
      // The gathered axis goes first, is scattered, and goes back.
      const toFront = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
      const back = toFront.map((_, i) => toFront.indexOf(i));
      const rows = axis === 0 ? flat : op.Transpose(flat, { perm: toFront });
      const sum = op.ScatterND(
        zeros(
          context,
          toFront.map((i) => shape[i] as number),
        ),
        op.Reshape(index, { to: [n, 1] }),
        rows,
        { reduction: "add" },
      );
      return axis === 0 ? sum : op.Transpose(sum, { perm: back });
    },
    null,
  ],
  GatherElements: [
    (c) =>
      c.op.ScatterElements(zeros(c, fixed(arg(c).shape)), arg(c, 1), c.dy, {
        axis: c.attrs.axis ?? 0,
        reduction: "add",
      }),
    null,
  ],
  GatherND: [
    (context) => {
      const shape = fixed(arg(context).shape);
      const index = fixed(arg(context, 1).shape);
      const batch = context.attrs.batch_dims ?? 0;
      const common = shape.slice(0, batch);
      // Batch axes become part of each index.
      const n = sizeOf(common);
      const places = Array.from({ length: n }, (_, i) =>
        common.map((size, axis) => Math.floor(i / sizeOf(common.slice(axis + 1))) % size),
      ).flat();
      const rows = context.op.Expand(
        context.integers(places, [...common, ...index.slice(batch, -1).map(() => 1), batch]),
        {
          to: [...index.slice(0, -1), batch],
        },
      );
      return context.op.ScatterND(
        zeros(context, shape),
        batch ? context.op.Concat(rows, arg(context, 1), { axis: -1 }) : arg(context, 1),
        context.dy,
        {
          reduction: "add",
        },
      );
    },
    null,
  ],
  ScatterElements: scatter({
    read: (c, source) => c.op.GatherElements(source, arg(c, 1), { axis: c.attrs.axis ?? 0 }),
    write: (c, into, updates, reduction) =>
      c.op.ScatterElements(into, arg(c, 1), updates, { axis: c.attrs.axis ?? 0, reduction }),
  }),
  ScatterND: scatter({
    read: (c, source) => c.op.GatherND(source, arg(c, 1)),
    write: (c, into, updates, reduction) => c.op.ScatterND(into, arg(c, 1), updates, { reduction }),
  }),
  OneHot: [
    null,
    (c) => {
      const { op, dy, attrs } = c;
      const on = op.ReduceSum(op.Mul(dy, op.OneHot(arg(c), c.floats([0, 1], [2]), attrs)));
      const all = op.ReduceSum(dy);
      const one = (v: Value) => op.Reshape(v, { to: [1] });
      return op.Concat(one(op.Sub(all, on)), one(on), { axis: 0 });
    },
  ],
};

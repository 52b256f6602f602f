import type { Value } from "../graph";
import type * as ops from "../ops/indexing";
import { axisOf, fixed, sizeOf } from "../shape";
import type { RulesOf } from "./rule";

const two = ({ x }: { x: readonly Value[] }): [Value, Value] => x as [Value, Value];

export const indexing: RulesOf<typeof ops> = {
  // Rows that were read several times add up.
  Gather: [(c) => {
    const { op, dy, attrs, scalar } = c, [data, index] = two(c), shape = fixed(data.shape), at = axisOf(attrs.axis ?? 0, shape.length);
    const n = sizeOf(index.shape), lead = shape.slice(0, at), tail = shape.slice(at + 1);
    const rank = lead.length + 1 + tail.length, flat = op.Reshape(dy, { to: [...lead, n, ...tail] });
    // The gathered axis goes first, is scattered, and goes back.
    const toFront = [at, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== at)], back = toFront.map((_, i) => toFront.indexOf(i));
    const rows = at === 0 ? flat : op.Transpose(flat, { perm: toFront });
    const zeros = op.Expand(scalar(0), { to: toFront.map((i) => shape[i] as number) });
    const sum = op.ScatterND(zeros, op.Reshape(index, { to: [n, 1] }), rows, { reduction: "add" });
    return at === 0 ? sum : op.Transpose(sum, { perm: back });
  }, null],
  GatherElements: [(c) => {
    const [data, index] = two(c);
    return c.op.ScatterElements(c.op.Expand(c.scalar(0), { to: fixed(data.shape) }), index, c.dy, { axis: c.attrs.axis ?? 0, reduction: "add" });
  }, null],
  ScatterElements: [
    (c) => {
      const [, index] = two(c), axis = c.attrs.axis ?? 0;
      if (c.attrs.reduction === "add") return c.dy;
      return c.op.ScatterElements(c.dy, index, c.op.Expand(c.scalar(0), { to: fixed(index.shape) }), { axis });
    },
    null,
    (c) => c.op.GatherElements(c.dy, c.x[1] as Value, { axis: c.attrs.axis ?? 0 }),
  ],
  ScatterND: "unwritten",
};

import { toHalf } from "../../files/half";
import type { Attrs, Graph, OpNode, Value } from "../graph";
import { append, type OpName, opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { broadcast, turnsMatrices } from "../shape";

/** Algebra: ops that do nothing go, and pairs of ops that undo or repeat one another become one. */
export function simplify(graph: Graph): Graph {
  const multiplied = onlyMultiplied(graph);
  return rewrite(graph, {
    visit(node, inputs, target) {
      const [y] = node.outputs as [Value];
      const rule = rules[node.op];
      const isMultiplied = multiplied.has(y.name);
      const value = rule?.({ x: inputs as [Value, Value], attrs: node.attrs, y, target, node, isMultiplied });
      return value && [value];
    },
  });
}

/** The names of what nothing but products of matrices read. */
function onlyMultiplied(graph: Graph): Set<string> {
  const found = new Set<string>();
  const others = new Set([...graph.outputs.values(), ...graph.updates.values()].map((value) => value.name));
  for (const { op, inputs } of graph.nodes) {
    for (const { name } of inputs) (op === "MatMul" ? found : others).add(name);
  }
  return new Set([...found].filter((name) => !others.has(name)));
}

interface Context {
  x: readonly [Value, Value];
  attrs: Attrs;
  /** The result before. */
  y: Value;
  target: Graph;
  node: OpNode;
  /** Whether nothing but products of matrices read the result. */
  isMultiplied: boolean;
}
type Rule = (c: Context) => Value | undefined;

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);
const isAll = (target: Graph, x: Value, n: number): boolean => {
  const stored = x.dtype === "float16" ? toHalf(n) : n;
  return target.constantOf(x)?.data.every((d: number | bigint) => Number(d) === stored) ?? false;
};
/** The input of the op that gives a value, if it is this op. */
const behind = (target: Graph, value: Value, op: string): Value | undefined => {
  const maker = target.makerOf(value);
  return maker?.op === op ? maker.inputs[0] : undefined;
};

/** One side where the other is the number that changes nothing. */
const neutral =
  (n: number, side: "right" | "both" = "both"): Rule =>
  ({ x: [a, b], y, target }) => {
    if (same(a.shape, y.shape) && isAll(target, b, n)) return a;
    return side === "both" && same(b.shape, y.shape) && isAll(target, a, n) ? b : undefined;
  };
/** An op that broadcasts by itself needs no expanded input, where another one gives the result its shape. */
const unexpanded: Rule = ({ x, attrs, y, target, node }) => {
  for (const [i, side] of x.entries()) {
    const small = behind(target, side, "Expand");
    if (small && same(broadcast(small.shape, (x[1 - i] as Value).shape), y.shape))
      return append(target, node.op as OpName, x.with(i, small), attrs)[0];
  }
  return undefined;
};
/** What is added to zeros at some places is added to the other side at once: nothing as large as both is made. */
const addedInPlace: Rule = ({ x, y, target }) => {
  for (const [i, side] of x.entries()) {
    const other = x[1 - i] as Value;
    const maker = target.makerOf(side);
    const [into, index, updates] = maker?.inputs ?? [];
    if (!maker?.op.startsWith("Scatter") || maker.attrs.reduction !== "add" || !into || !index || !updates) continue;
    const zero = behind(target, into, "Expand") ?? into;
    if (!isAll(target, zero, 0) || !same(other.shape, y.shape) || !same(side.shape, y.shape)) continue;
    return append(target, maker.op as OpName, [other, index, updates], maker.attrs)[0];
  }
  return undefined;
};
const first =
  (...list: Rule[]): Rule =>
  (c) => {
    for (const rule of list) {
      const value = rule(c);
      if (value) return value;
    }
    return undefined;
  };
/** The input, where the result has its shape. */
const unmoved: Rule = ({ x: [x], y }) => (same(x.shape, y.shape) ? x : undefined);

const rules: Record<string, Rule> = {
  Identity: ({ x: [x] }) => x,
  Add: first(neutral(0), unexpanded, addedInPlace),
  Sub: first(neutral(0, "right"), unexpanded),
  Mul: first(neutral(1), unexpanded),
  Div: first(neutral(1, "right"), unexpanded),
  Pow: neutral(1, "right"),
  Neg: ({ x: [x], target }) => behind(target, x, "Neg"),
  Cast: ({ x: [x], attrs }) => (x.dtype === attrs.dtype ? x : undefined),
  Expand: unmoved,
  Reshape: first(unmoved, ({ x: [x], y, attrs, target }) => {
    const before = behind(target, x, "Reshape");
    return (
      before &&
      (same(before.shape, y.shape) ? before : opsOf(target).Reshape(before, { to: attrs.to as readonly number[] }))
    );
  }),
  Transpose({ x: [x], attrs, target, isMultiplied }) {
    const perm = attrs.perm as readonly number[];
    const maker = target.makerOf(x);
    const inner = maker?.op === "Transpose" ? (maker.attrs.perm as readonly number[]) : undefined;
    const whole = inner ? perm.map((axis) => inner[axis] as number) : perm;
    const source = inner ? (maker?.inputs[0] as Value) : x;
    if (whole.every((axis, i) => axis === i)) return source;
    // The runtime reads a stack of matrices turned at no cost, and what lies before it moves whole rows.
    if (isMultiplied && turnsMatrices(perm) && inner?.at(-1) === perm.length - 1) return undefined;
    return inner && opsOf(target).Transpose(source, { perm: whole });
  },
};

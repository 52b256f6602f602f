import { multiplyDims } from "./dim";
import type { Attrs, Dim, Graph, OpNode, Value } from "./graph";
import { append, type AttrsOf, isElementwise, type OpName, type Ops, opsOf, type opTable } from "./ops/index";
import { rewrite } from "./rewrite";
import { axisOf, fixed, sizeOf } from "./shape";
import { visiblePlaces } from "./visible-places";

/**
 * Ops that are written as other ops: what opset 21 has no name for, and what the runtime gets wrong or takes long for.
 * It is done when a model is written, so that everything before that, its gradient above all, takes such an op as one.
 */
export function expanded(graph: Graph): Graph {
  if (!graph.nodes.some((node) => isExpanded(node.op) || node.op in quicker || isBesideNumber(node))) return graph;
  const numbers = new Map<string, Value>();
  return rewrite(graph, {
    visit(node, x, target) {
      const { op: name, attrs } = node;
      if (isBesideNumber(node)) return append(target, name as OpName, withAxes(target, x, numbers), attrs);
      return (expansions[name as OpName] ?? quicker[name as OpName])?.({
        target,
        op: opsOf(target),
        x,
        attrs: attrs as never,
        all: (other, inputs, rest) => append(target, other, inputs, rest),
        scalar: (n) => target.constant([n], x[0]?.dtype as "float32"),
        integers: (list) => target.constant(list, "int64", [list.length]),
      });
    },
  });
}

/**
 * Whether one number stands beside a tensor that ends in several axes of 1, such as the weights of a pointwise
 * convolution. Unless it has as many axes, the runtime (1.30) takes element after element there, fifty times as slow.
 * Beside a single such axis it is left as it is: what the runtime fuses, as the ε of a normalization, is a plain
 * number.
 */
function isBesideNumber({ op, inputs }: OpNode): boolean {
  const endsInOnes = ({ shape }: Value) => shape.length > 2 && shape.at(-1) === 1 && shape.at(-2) === 1;
  return isElementwise(op) && inputs.some(endsInOnes) && inputs.some(isNumberBeside(inputs));
}

/** Whether a value is one number, of fewer axes than the widest of some. */
function isNumberBeside(values: readonly Value[]): (value: Value) => boolean {
  const rank = rankOf(values);
  return ({ shape }) => shape.length < rank && shape.every((d) => d === 1);
}

const rankOf = (values: readonly Value[]): number => Math.max(...values.map(({ shape }) => shape.length));

/** The inputs of such an op, its numbers with as many axes as the tensor has; each is made once. */
function withAxes(graph: Graph, inputs: readonly Value[], made: Map<string, Value>): Value[] {
  const rank = rankOf(inputs);
  const isNumber = isNumberBeside(inputs);
  return inputs.map((x) => {
    if (!isNumber(x)) return x;
    const name = `${x.name}, ${rank} axes`;
    const wide = made.get(name) ?? opsOf(graph).Reshape(x, { to: Array<number>(rank).fill(1) });
    made.set(name, wide);
    return wide;
  });
}

/** Whether an op is (or, by its shapes, may be) written as several. */
export const isExpanded = (op: string): boolean => Object.hasOwn(expansions, op);

/** What an op is written with. */
interface Context<A extends Attrs> {
  target: Graph;
  op: Ops;
  /** An op with all its outputs, where `op` gives the first. */
  all(name: OpName, inputs: readonly Value[], attrs: Attrs): readonly Value[];
  x: readonly Value[];
  attrs: A;
  /** A constant of the first input's element type. */
  scalar(n: number): Value;
  /** A list of int64. */
  integers(list: readonly number[]): Value;
}
/** All outputs of the op by other ops, or undefined where it may stay what it is. */
type Expansion<A extends Attrs> = (c: Context<A>) => readonly Value[] | undefined;
type Expansions = { readonly [K in OpName]?: Expansion<AttrsOf<(typeof opTable)[K]>> };

/** In the form that ONNX Runtime fuses. */
const rms: Expansions["RMSNormalization"] = ({ op, x: [x, scale], attrs: { axis = -1, epsilon = 1e-5 }, scalar }) => {
  const rank = (x as Value).shape.length;
  const axes = Array.from({ length: rank - axisOf(axis, rank) }, (_, i) => i - rank + axisOf(axis, rank));
  const root = op.Sqrt(op.Add(op.ReduceMean(op.Pow(x as Value, scalar(2)), { axes }), scalar(epsilon)));
  return [op.Mul(op.Div(x as Value, root), scale as Value), root];
};

const expansions: Expansions = {
  Swish({ op, x: [x], attrs: { alpha = 1 }, scalar }) {
    const gate = op.Sigmoid(alpha === 1 ? (x as Value) : op.Mul(x as Value, scalar(alpha)));
    return [op.Mul(x as Value, gate), gate];
  },
  Dropout: ({ op, x: [x, keep], attrs, scalar }) => [
    op.Where(keep as Value, op.Mul(x as Value, scalar(1 / (1 - attrs.ratio))), scalar(0)),
  ],
  RMSNormalization: rms,
  SimplifiedLayerNormalization: rms,
  // The runtime's op takes only heads of eights.
  GroupQueryAttention: (c) => (headWidth(c) % 8 ? attentionByParts(c) : undefined),
  GroupNormalization: (c) => byGroup(c, c.attrs.num_groups, c.attrs.epsilon),
  InstanceNormalization: (c) => byGroup(c, fixed((c.x[0] as Value).shape.slice(1, 2))[0] as number, c.attrs.epsilon),
  // ONNX Runtime joins updates in threads, where two that meet in one place may lose one of them (1.30); its
  // ScatterElements takes one after the other.
  ScatterND(c) {
    const isKnown = c.x.every((v) => v.shape.every((d) => typeof d === "number"));
    return (c.attrs.reduction ?? "none") !== "none" && isKnown ? [joinedByElement(c)] : undefined;
  },
};

/**
 * A transposition without its axes of 1, where a single axis then moves. The runtime (1.30) has a quick way for one
 * that moves, and counts those of 1 among them: with one it takes element after element, up to ten times as slow.
 */
function withoutOnes({ op, x: [x], attrs: { perm } }: Context<{ perm: readonly number[] }>): [Value] | undefined {
  const { shape } = x as Value;
  const long = [...shape.keys()].filter((axis) => shape[axis] !== 1);
  const moves = perm.filter((axis) => long.includes(axis)).map((axis) => long.indexOf(axis));
  if (long.length === shape.length || movesOne(perm) || !movesOne(moves)) return undefined;
  const dims = (axes: readonly number[]) => ({ to: axes.map((axis) => shape[axis] as Dim) });
  return [op.Reshape(op.Transpose(op.Reshape(x as Value, dims(long)), { perm: moves }), dims(perm))];
}

/** Whether an order comes about by moving one axis. */
function movesOne(order: readonly number[]): boolean {
  const stays = (axis: number) =>
    order.filter((other) => other !== axis).every((other, i, all) => i === 0 || other > (all[i - 1] as number));
  return order.some(stays) && order.some((axis, i) => axis !== i);
}

/** Ops that stay what they are but where the runtime takes longer than it needs to. */
const quicker: Expansions = { Transpose: withoutOnes };

/** One pass of the runtime's LayerNormalization over each group of channels, with a scale of ones. */
function byGroup({ op, all, x, scalar }: Context<{}>, groups: number, epsilon = 1e-5): readonly Value[] {
  const [data, scale, bias] = x as [Value, Value, Value];
  const [n, channels, ...sizes] = data.shape as [Dim, number, ...number[]];
  const size = (channels * sizeOf(sizes)) / groups;
  const [normalized, , rstd] = all(
    "LayerNormalization",
    [op.Reshape(data, { to: [n, groups, size] }), op.Expand(scalar(1), { to: [size] })],
    { axis: -1, epsilon },
  ) as [Value, Value, Value];
  const overChannels = (v: Value) => op.Reshape(v, { to: [channels, ...sizes.map(() => 1)] });
  const whole = op.Reshape(normalized, { to: [n, channels, ...sizes] });
  return [op.Add(op.Mul(whole, overChannels(scale)), overChannels(bias)), normalized, rstd];
}

/**
 * A ScatterND by ScatterElements: each row of the updates goes, element by element, to the row of data that its index
 * names.
 */
function joinedByElement({ op, integers, x, attrs }: Context<AttrsOf<(typeof opTable)["ScatterND"]>>): Value {
  const [data, index, updates] = x as [Value, Value, Value];
  const shape = fixed(data.shape);
  const k = index.shape.at(-1) as number;
  const lead = shape.slice(0, k);
  const row = sizeOf(shape.slice(k));
  const n = sizeOf(fixed(index.shape)) / k;
  // The first k axes as one; an index counts from the end where it is negative.
  const strides = lead.map((_, i) => sizeOf(lead.slice(i + 1)));
  const place = (): Value => {
    const terms = op.Mul(op.Mod(index, integers(lead)), integers(strides));
    return op.ReduceSum(terms, { axes: [-1], keepdims: 0 });
  };
  const places = op.Expand(op.Reshape(k === 1 ? index : place(), { to: [n, 1] }), { to: [n, row] });
  const table = op.Reshape(data, { to: [sizeOf(lead), row] });
  const rows = op.Reshape(updates, { to: [n, row] });
  const { reduction } = attrs;
  return op.Reshape(op.ScatterElements(table, places, rows, { axis: 0, reduction }), { to: shape });
}

type AttentionContext = Context<AttrsOf<(typeof opTable)["GroupQueryAttention"]>>;

const headWidth = ({ x, attrs }: AttentionContext): number => Number(x[0]?.shape[2]) / attrs.num_heads;

/** GroupQueryAttention as softmax(QKᵀ·scale + mask)·V, with the query heads of one key head side by side. */
function attentionByParts(c: AttentionContext): readonly Value[] {
  const { op, x, attrs, scalar } = c;
  const [query, key, value, keptKeys, keptValues] = x as [Value, Value, Value, Value, Value];
  const { num_heads: heads, kv_num_heads: groups } = attrs;
  const [batch, length, width] = query.shape as [Dim, Dim, number];
  const d = headWidth(c);
  const apart = (v: Value, count: number) =>
    op.Transpose(op.Reshape(v, { to: [batch, length, count, d] }), { perm: [0, 2, 1, 3] });
  const all = (kept: Value, added: Value) => op.Concat(kept, apart(added, groups), { axis: 2 });
  const keys = all(keptKeys, key);
  const values = all(keptValues, value);
  const places = keys.shape[2] as Dim;
  const rows = multiplyDims(length, heads / groups);
  const grouped = op.Reshape(apart(op.Mul(query, scalar(attrs.scale)), heads), { to: [batch, groups, rows, d] });
  const scores = op.Reshape(op.MatMul(grouped, op.Transpose(keys, { perm: [0, 1, 3, 2] })), {
    to: [batch, heads, length, places],
  });
  const visible = visiblePlaces(c.target, {
    batch,
    length,
    kept: keptKeys.shape[2] as Dim,
    last: x[5] as Value,
    window: attrs.local_window_size,
  });
  const seen = op.Reshape(visible, { to: [batch, 1, length, places] });
  const weights = op.Softmax(op.Where(seen, scores, scalar(-3.4e38)), { axis: -1 });
  const mixed = op.MatMul(op.Reshape(weights, { to: [batch, groups, rows, places] }), values);
  const joined = op.Transpose(op.Reshape(mixed, { to: [batch, heads, length, d] }), { perm: [0, 2, 1, 3] });
  return [op.Reshape(joined, { to: [batch, length, width] }), keys, values];
}

import type { Attrs, Dim, Graph, Value } from "./graph";
import { append, type AttrsOf, type OpName, type Ops, opsOf, type opTable } from "./ops/index";
import { rewrite } from "./rewrite";
import { axisOf, fixed, sizeOf } from "./shape";

/**
 * Ops that are written as other ops: what opset 21 has no name for, and what the runtime gets wrong. It is done when a
 * model is written, so that everything before that, its gradient above all, takes such an op as one.
 */
export function expanded(graph: Graph): Graph {
  if (!graph.nodes.some((node) => isExpanded(node.op))) return graph;
  return rewrite(graph, {
    visit({ op: name, attrs }, x, target) {
      return expansions[name as OpName]?.({
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

/** Whether an op is (or, by its shapes, may be) written as several. */
export const isExpanded = (op: string): boolean => Object.hasOwn(expansions, op);

/** What an op is written with. */
interface Context<A extends Attrs> {
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
  GroupNormalization: (c) => byGroup(c, c.attrs.num_groups, c.attrs.epsilon),
  InstanceNormalization: (c) => byGroup(c, fixed((c.x[0] as Value).shape.slice(1, 2))[0] as number, c.attrs.epsilon),
  // ONNX Runtime joins updates in threads, where two that meet in one place may lose one of them (1.30); its
  // ScatterElements takes one after the other.
  ScatterND(c) {
    const isKnown = c.x.every((v) => v.shape.every((d) => typeof d === "number"));
    return (c.attrs.reduction ?? "none") !== "none" && isKnown ? [joinedByElement(c)] : undefined;
  },
};

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

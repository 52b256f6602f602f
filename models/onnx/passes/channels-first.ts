import type { Dim, Graph, OpNode, Value } from "../graph";
import { append, isElementwise, type OpName, opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { axisOf, fixed, sizeOf } from "../shape";

/**
 * Transposes that swap the first two axes, rows and channels, pushed on past what works in either order: elementwise
 * ops, sums, pools, batch norms. Two that meet are gone. So a residual network keeps its channels in front from one
 * product to the next.
 */
export function channelsFirst(graph: Graph): Graph {
  /** What a value is the swapped form of, by its name. */
  const sources = new Map<string, Value>();
  return rewrite(graph, {
    visit(node, inputs, target) {
      const swap = (x: Value): Value => {
        const source = sources.get(x.name);
        if (source) return source;
        const perm = swapOf(x);
        const isMoved = x.shape.slice(0, 2).every((size) => size !== 1);
        const to = perm.map((axis) => x.shape[axis] as Dim);
        const y = isMoved ? opsOf(target).Transpose(x, { perm }) : opsOf(target).Reshape(x, { to });
        sources.set(y.name, x);
        return y;
      };
      const [x] = inputs as [Value];
      const isSwap = node.op === "Transpose" && x.shape.length > 2 && String(node.attrs.perm) === String(swapOf(x));
      if (isSwap) return [swap(x)];
      if (!inputs.some(({ name }) => sources.has(name))) return undefined;
      const done = inEitherOrder(target, node, inputs, swap);
      return done?.isSwapped ? done.values.map(swap) : done?.values;
    },
  });
}

const swapOf = ({ shape }: Value): number[] => shape.map((_, i) => (i < 2 ? 1 - i : i));

/** What an op gives for inputs with their first two axes swapped, and whether those of the results are so too. */
interface Done {
  values: readonly Value[];
  isSwapped: boolean;
}

function inEitherOrder(
  target: Graph,
  node: OpNode,
  inputs: readonly Value[],
  swap: (x: Value) => Value,
): Done | undefined {
  const { op: name, attrs, outputs } = node;
  const op = opsOf(target);
  const [x, ...rest] = inputs as [Value, ...Value[]];
  if (inputs.some(({ shape }) => shape.some((d) => typeof d === "string"))) return undefined;
  if (isElementwise(name)) {
    const rank = (outputs[0] as Value).shape.length;
    const sides = inputs.map((side) => {
      if (side.shape.length === rank) return swap(side);
      const isOfChannels = side.shape.length === rank - 1 && side.shape[0] !== 1;
      return isOfChannels ? op.Reshape(side, { to: fixed(side.shape).toSpliced(1, 0, 1) }) : side;
    });
    return { values: append(target, name as OpName, sides, attrs), isSwapped: true };
  }
  if (name === "BatchNormalization" || name === "TrainingBatchNormalization") {
    const turned = swap(x);
    const [channels, ...all] = fixed(turned.shape) as [number, ...number[]];
    const normed = op[name](op.Reshape(turned, { to: [1, channels, sizeOf(all)] }), ...rest, attrs);
    return { values: [op.Reshape(normed, { to: turned.shape })], isSwapped: true };
  }
  if (name === "AveragePool" || name === "GlobalAveragePool")
    return { values: append(target, name, [swap(x)], attrs), isSwapped: true };
  if (name === "ReduceSum" || name === "ReduceMean") {
    const { axes, keepdims = 1 } = attrs as { axes?: readonly number[]; keepdims?: number };
    const turned = axes?.map((axis) => swapOf(x)[axisOf(axis, x.shape.length)] as number);
    const values = append(target, name, [swap(x)], { ...attrs, axes: turned });
    return { values, isSwapped: keepdims === 1 || !turned?.some((axis) => axis < 2) };
  }
  return undefined;
}

import { parseEquation } from "./equation";
import type { Dim, Graph, OpNode, Shape, Value } from "./graph";
import { axisOf } from "./shape";

/** Whether a size is made of the symbol, as in "B+1" or "2·B", or may be. */
const isMadeOf = (d: Dim, symbol: string): boolean =>
  typeof d === "string" && (d === "*" || d.split(/[+·]/).includes(symbol));
/** Where a symbolic size stands in a shape, if it stands there once and alone. */
function axisOfSymbol(shape: Shape, symbol: string): number | undefined {
  const at = shape.indexOf(symbol);
  return at < 0 || shape.some((d, i) => i !== at && isMadeOf(d, symbol)) ? undefined : at;
}
const before = (shape: Shape, axis: number): string =>
  shape
    .slice(0, axis)
    .filter((d) => d !== 1)
    .join();

/** Whether an op lets rows meet, given the axis along which the rows of its first input lie. */
function mixes({ op, inputs, attrs }: OpNode, axis: number): boolean {
  const rank = inputs[0]?.shape.length ?? 0;
  const { axis: along = 0, axes = [] } = attrs as { axis?: number; axes?: readonly number[] };
  const touches = (list: readonly number[]) => list.some((a) => axisOf(a, rank) === axis);
  switch (op) {
    case "Softmax":
    case "LogSoftmax":
    case "TopK":
    case "LpNormalization":
      return touches([(attrs.axis as number | undefined) ?? -1]);
    case "LayerNormalization":
    case "RMSNormalization":
    case "SimplifiedLayerNormalization":
      return axisOf((attrs.axis as number | undefined) ?? -1, rank) <= axis;
    case "Conv":
    case "ConvTranspose":
    case "AveragePool":
    case "MaxPool":
    case "GlobalAveragePool":
    case "GlobalMaxPool":
    case "GroupNormalization":
    case "InstanceNormalization":
    case "DepthToSpace":
    case "SpaceToDepth":
      return axis > 0;
    case "Trilu":
    case "EyeLike":
      return axis >= rank - 2;
    case "GatherND":
      return axis >= ((attrs.batch_dims as number | undefined) ?? 0);
    case "ArgMax":
    case "ArgMin":
    case "Concat":
    case "Gather":
    case "GatherElements":
    case "ScatterElements":
      return touches([along]);
    case "CumSum":
      return touches([attrs.along as number]);
    case "Slice":
      return touches(axes);
    case "Resize":
      return attrs.axes === undefined || touches(axes);
    case "ScatterND":
      return true;
    default:
      return false;
  }
}

/**
 * The values of a graph whose every row depends on the same row of the inputs alone, and the axis along which those
 * rows lie, by name. Rows are counted by a symbolic size such as "B": such a part may run in chunks of any size, or
 * once for all rows.
 */
export function rowAxes(graph: Graph, symbol: string): Map<string, number> {
  const axes = new Map<string, number>();
  const depends = new Set<string>();
  const repeated = new Set<string>();
  for (const { name, shape } of graph.inputs) {
    if (!shape.some((d) => isMadeOf(d, symbol))) continue;
    depends.add(name);
    const axis = axisOfSymbol(shape, symbol);
    if (axis !== undefined) axes.set(name, axis);
  }
  for (const node of graph.nodes) {
    const batched = node.inputs.filter((x) => depends.has(x.name));
    // What is repeated for each row depends on how many there are, though on none of them: counted or added up, it
    // tells their number.
    if (!batched.length && !node.outputs.some((y) => y.shape.some((d) => isMadeOf(d, symbol)))) continue;
    const readsNone = batched.every((x) => repeated.has(x.name));
    for (const { name } of node.outputs) {
      depends.add(name);
      if (readsNone) repeated.add(name);
    }
    const inputs = batched.map((x) => ({ x, axis: axes.get(x.name) }));
    for (const y of node.outputs) {
      const axis = axisOfSymbol(y.shape, symbol);
      if (axis !== undefined && inputs.every((i) => i.axis !== undefined && keeps(node, i.x, i.axis, y, axis)))
        axes.set(y.name, axis);
    }
  }
  for (const name of repeated) axes.delete(name);
  return axes;
}

/** Row i of the output comes from row i of this input. */
function keeps(node: OpNode, x: Value, from: number, y: Value, to: number): boolean {
  if (node.op === "Reshape") return before(x.shape, from) === before(y.shape, to);
  if (node.op === "Transpose") return (node.attrs.perm as readonly number[])[to] === from;
  if (node.op === "Gather" && x === node.inputs[1]) return true; // ids pick from a table; their rows stay theirs
  if (node.op === "MatMul" || node.op === "Gemm" || node.op === "Einsum") return product(node, x, from, y, to);
  return x !== node.inputs[0] || !mixes(node, from);
}

/** A product keeps rows that are rows of the left side or of a stack of matrices, not those it sums over. */
function product({ op, inputs, attrs }: OpNode, x: Value, from: number, y: Value, to: number): boolean {
  if (op === "Einsum") {
    const labels = parseEquation(
      attrs.equation as string,
      inputs.map((v) => v.shape.length),
    );
    return labels.inputs[inputs.indexOf(x)]?.[from] === labels.output[to];
  }
  const left = x === inputs[0];
  const rank = x.shape.length;
  const fromEnd = rank - from;
  const toEnd = y.shape.length - to;
  const { transA = 0, transB = 0 } = attrs as { transA?: number; transB?: number };
  if (fromEnd > 2) return fromEnd === toEnd;
  const kept = left ? (transA ? 1 : 2) : x === inputs[1] ? (transB ? 2 : 1) : fromEnd;
  return fromEnd === kept && toEnd === (left ? 2 : x === inputs[1] ? 1 : fromEnd);
}

/** Whether all of a graph may run in chunks of rows: it reads no other batch, and its outputs have their rows first. */
export function runsByRow(graph: Graph, symbol: string): boolean {
  const axes = rowAxes(graph, symbol);
  return [...graph.outputs.values()].every((v) => axes.get(v.name) === 0);
}

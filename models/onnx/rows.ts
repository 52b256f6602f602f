import { termsOf } from "./dim";
import { parseEquation } from "./equation";
import type { Attrs, Dim, Graph, OpNode, Shape, Value } from "./graph";
import { type Known, type Places, pickedRows, placesBehind } from "./places";
import { axisOf } from "./shape";

/**
 * The values of a graph whose every row depends on the same row of the inputs alone, and the axis along which those
 * rows lie, by name. Rows are counted by a symbolic size such as "B": such a part may run in chunks of any size, or
 * once for all rows. `items` are sizes that count the items of packed rows: a row has those of its own.
 */
export const rowAxes = (graph: Graph, rows: string, items: readonly string[] = []): Map<string, number> =>
  analysisOf(graph, [rows, ...items], (size, symbol) => size === symbol).axes;

/**
 * Whether all of a graph may run in chunks of rows: it reads no other batch, and its outputs have their rows, or the
 * items of rows, first.
 */
export const runsByRow = (graph: Graph, rows: string, items: readonly string[] = []): boolean =>
  chunkedRows(graph, rows, items) !== undefined;

/**
 * For a graph that may run in chunks of rows: the inputs by which rows find their items, which have to say how many
 * items each row has. Nothing for other graphs.
 */
export function chunkedRows(
  graph: Graph,
  rows: string,
  items: readonly string[] = [],
): { items: string; counts: string }[] | undefined {
  const symbols = [rows, ...items];
  // On the way a row may take several places one after the other, as when heads are joined to the batch.
  const { axes, picked } = analysisOf(graph, symbols, isMultiple);
  const isWhole = [...graph.outputs.values()].every(
    (v) => axes.get(v.name) === 0 && symbols.includes(v.shape[0] as string),
  );
  return isWhole ? picked : undefined;
}

/** How a graph reads the items of rows. */
export interface ItemReads {
  /** By which inputs, that say how many items each row has. */
  picked: readonly { items: string; counts: string }[];
  /** It reads them in no other way: further items behind the last row's change nothing of what it gives. */
  byPlaceAlone: boolean;
}

export function itemReads(graph: Graph, rows: string, items: readonly string[]): ItemReads {
  const { picked, picks } = analysisOf(graph, [rows, ...items], isMultiple);
  const isOfItems = ({ shape }: Value) => shape.some((size) => items.some((symbol) => isMadeOf(size, symbol)));
  const reads = new Set(graph.inputs.filter(isOfItems).map(({ name }) => name));
  for (const node of graph.nodes) {
    if (picks.has(node)) continue;
    const isTold = node.inputs.some((x) => reads.has(x.name)) || node.outputs.some(isOfItems);
    if (isTold) for (const { name } of node.outputs) reads.add(name);
  }
  const given = [...graph.outputs.values(), ...graph.updates.values()];
  return { picked, byPlaceAlone: given.every(({ name }) => !reads.has(name)) };
}

function analysisOf(graph: Graph, symbols: readonly string[], isOfRows: (size: Dim, symbol: string) => boolean) {
  const axes = new Map<string, number>();
  const depends = new Set<string>();
  const repeated = new Set<string>();
  const places = new Map<string, Places>();
  const picked: { items: string; counts: string }[] = [];
  const picks = new Set<OpNode>();
  const isMade = (size: Dim) => symbols.some((symbol) => isMadeOf(size, symbol));
  const axisIn = (shape: Shape) => axisOfRows(shape, symbols, isOfRows);
  const known: Known = {
    graph,
    rows: symbols[0] as string,
    axisOf: (v) => axes.get(v.name),
    placesOf: (v) => places.get(v.name),
    isFixed: (v) => !depends.has(v.name),
    axisBehind(node, x, axis) {
      const y = node.outputs[0] as Value;
      const to = axisIn(y.shape);
      return to !== undefined && keeps(node, x, axis, y, to) ? to : undefined;
    },
  };
  for (const { name, shape } of graph.inputs) {
    if (!shape.some(isMade)) continue;
    depends.add(name);
    const axis = axisIn(shape);
    if (axis !== undefined) axes.set(name, axis);
  }
  for (const node of graph.nodes) {
    const batched = node.inputs.filter((x) => depends.has(x.name));
    // What is repeated for each row depends on how many there are, though on none of them: counted or added up, it
    // tells their number.
    if (!batched.length && !node.outputs.some((y) => y.shape.some(isMade))) continue;
    const readsNone = batched.every((x) => repeated.has(x.name));
    for (const { name } of node.outputs) {
      depends.add(name);
      if (readsNone) repeated.add(name);
    }
    const inputs = batched.map((x) => ({ x, axis: axes.get(x.name) }));
    for (const y of node.outputs) {
      const axis = axisIn(y.shape);
      if (axis !== undefined && inputs.every((i) => i.axis !== undefined && keeps(node, i.x, i.axis, y, axis)))
        axes.set(y.name, axis);
    }
    const [y] = node.outputs;
    if (!y || axes.has(y.name)) continue;
    const made = placesBehind(node, known);
    const pick = pickedRows(node, known);
    if (made) places.set(y.name, made);
    if (pick) {
      axes.set(y.name, pick.axis);
      picked.push({ items: pick.items, counts: pick.counts });
      picks.add(node);
    }
  }
  for (const name of repeated) axes.delete(name);
  return { axes, picked, picks };
}

/** Whether a size is made of the symbol, as in "B+1" or "2·B", or may be. */
const isMadeOf = (d: Dim, symbol: string): boolean =>
  typeof d === "string" && (d === "*" || d.split(/[+·]/).includes(symbol));
/** Whether a size is so many times the symbol, or the symbol itself. */
function isMultiple(size: Dim, symbol: string): boolean {
  if (size === "*") return false;
  const [term, ...more] = termsOf(size);
  return !more.length && term?.factors.join("·") === symbol;
}
/** Where the size of the rows, or of the items of rows, stands in a shape, if the symbols are in no other size. */
function axisOfRows(
  shape: Shape,
  symbols: readonly string[],
  isOfRows: (size: Dim, symbol: string) => boolean,
): number | undefined {
  const axis = shape.findIndex((size) => symbols.some((symbol) => isOfRows(size, symbol)));
  const isElsewhere = shape.some((d, i) => i !== axis && symbols.some((symbol) => isMadeOf(d, symbol)));
  return axis < 0 || isElsewhere ? undefined : axis;
}
/** The sizes before an axis, without those that are 1: equal ones mean that as many elements lie before it. */
const before = (shape: Shape, axis: number): string =>
  shape
    .slice(0, axis)
    .filter((d) => d !== 1)
    .join();

/** Whether an op lets rows meet, given the axis along which the rows of its first input lie. */
const mixes = ({ op, inputs, attrs }: OpNode, axis: number): boolean =>
  mixing[op]?.({ axis, attrs, rank: inputs[0]?.shape.length ?? 0 }) ?? false;

interface Mixing {
  /** Where the rows lie. */
  axis: number;
  rank: number;
  attrs: Attrs;
}
const touches = ({ axis, rank }: Mixing, list: readonly number[]): boolean =>
  list.some((other) => axisOf(other, rank) === axis);
/** Works along its attribute `axis`. */
const along =
  (fallback: number) =>
  (m: Mixing): boolean =>
    touches(m, [(m.attrs.axis as number | undefined) ?? fallback]);
/** Works over all axes from its attribute `axis` on. */
const fromAxis = ({ axis, rank, attrs }: Mixing): boolean =>
  axisOf((attrs.axis as number | undefined) ?? -1, rank) <= axis;
/** Takes the first axis for that of the rows. */
const behindFirst = ({ axis }: Mixing): boolean => axis > 0;
const ofMatrix = ({ axis, rank }: Mixing): boolean => axis >= rank - 2;

/** Ops that may let rows meet; all others never do. */
const mixing: Readonly<Record<string, (m: Mixing) => boolean>> = {
  Softmax: along(-1),
  LogSoftmax: along(-1),
  TopK: along(-1),
  LpNormalization: along(-1),
  ArgMax: along(0),
  ArgMin: along(0),
  Concat: along(0),
  Gather: along(0),
  GatherElements: along(0),
  ScatterElements: along(0),
  CumSum: (m) => touches(m, [m.attrs.along as number]),
  Slice: (m) => touches(m, m.attrs.axes as readonly number[]),
  Resize: (m) => m.attrs.axes === undefined || touches(m, m.attrs.axes as readonly number[]),
  LayerNormalization: fromAxis,
  RMSNormalization: fromAxis,
  SimplifiedLayerNormalization: fromAxis,
  Conv: behindFirst,
  ConvTranspose: behindFirst,
  AveragePool: behindFirst,
  MaxPool: behindFirst,
  GlobalAveragePool: behindFirst,
  GlobalMaxPool: behindFirst,
  GroupNormalization: behindFirst,
  InstanceNormalization: behindFirst,
  DepthToSpace: behindFirst,
  SpaceToDepth: behindFirst,
  Trilu: ofMatrix,
  EyeLike: ofMatrix,
  GatherND: ({ axis, attrs }) => axis >= ((attrs.batch_dims as number | undefined) ?? 0),
  ScatterND: () => true,
};

/** Row i of the output comes from row i of this input. */
function keeps(node: OpNode, x: Value, from: number, y: Value, to: number): boolean {
  if (node.op === "Reshape") return before(x.shape, from) === before(y.shape, to);
  if (x.shape[from] !== y.shape[to]) return false;
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
  const rank = x.shape.length;
  const fromEnd = rank - from;
  const toEnd = y.shape.length - to;
  if (fromEnd > 2) return fromEnd === toEnd;
  const { transA = 0, transB = 0 } = attrs as { transA?: number; transB?: number };
  // Axes are counted from the end: rows are 2 and columns 1, and a side that is transposed has them the other way
  // round.
  if (x === inputs[0]) return fromEnd === (transA ? 1 : 2) && toEnd === 2;
  if (x === inputs[1]) return fromEnd === (transB ? 2 : 1) && toEnd === 1;
  return toEnd === fromEnd;
}

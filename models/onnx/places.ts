/**
 * Places of items: rows of packed values have any number of items, which lie one row's behind the other's, and a row
 * reads its own by where they begin. Such a number differs from chunk to chunk of rows while what lies there does not:
 *
 *     starts = CumSum(counts, exclusive) · width                          [N]
 *     place  = index + starts, or a constant for what lies before or behind all items
 *     row    = Gather(items, place)
 *
 * What is picked this way is the row's own as far as its `index` stays among its own items, which is up to whoever
 * makes the index; everything else is checked here.
 */
import { termsOf } from "./dim";
import type { Graph, OpNode, Value } from "./graph";
import { axisOf } from "./shape";

export interface Places {
  /** The graph's input that says how many items each row has. */
  counts: string;
  /** How many places an item takes. */
  width: number;
  /** Along which axis the rows lie. */
  axis: number;
  /**
   * The least and the greatest constant among them: a place before all items, or, counted from the end, behind them.
   */
  least: number;
  most: number;
}

/** What is known of the values before an op. */
export interface Known {
  graph: Graph;
  /** Counts rows. */
  rows: string;
  /** The axis of the rows or items of a value that keeps them. */
  axisOf(value: Value): number | undefined;
  placesOf(value: Value): Places | undefined;
  /** Whether a value is the same whatever the rows. */
  isFixed(value: Value): boolean;
  /** The axis of the output along which the rows lie that one input has along `axis`. */
  axisBehind(node: OpNode, x: Value, axis: number): number | undefined;
}

/** The places that an op gives, if it gives such. */
export function placesBehind(node: OpNode, known: Known): Places | undefined {
  const [first] = node.inputs;
  if (node.op === "CumSum") return beginnings(node, known);
  const steps = passing[node.op];
  if (!first || !steps) return undefined;
  const places = node.inputs.map((x) => known.placesOf(x));
  const found = places.filter((each) => each !== undefined);
  const [one] = found;
  if (!one || found.some((each) => each.counts !== one.counts)) return undefined;
  const axes = node.inputs.flatMap((x, i) => {
    const axis = places[i]?.axis ?? known.axisOf(x);
    return axis === undefined ? [] : [known.axisBehind(node, x, axis)];
  });
  const [axis] = axes;
  if (axis === undefined || axes.some((other) => other !== axis)) return undefined;
  const others = node.inputs.every((x, i) => places[i] ?? (known.isFixed(x) || known.axisOf(x) !== undefined));
  const made = others ? steps(node, places, known) : undefined;
  return made && { ...made, axis };
}

/** The axis along which rows lie that have picked from their own items, and by which counts; else nothing. */
export function pickedRows(
  { op, inputs: [data, index], attrs }: OpNode,
  known: Known,
): { axis: number; items: string; counts: string } | undefined {
  const places = op === "Gather" && index ? known.placesOf(index) : undefined;
  if (!data || !places) return undefined;
  const along = axisOf((attrs.axis as number | undefined) ?? 0, data.shape.length);
  const found = itemsAmong(data, along, known);
  if (!found || places.most >= found.before || places.least < -found.behind) return undefined;
  if (found.width !== places.width || found.items === known.rows) return undefined;
  return { axis: along + places.axis, items: found.items, counts: places.counts };
}

/** The items of a value along an axis, and how many constant places lie before and behind them. */
function itemsAmong(data: Value, along: number, known: Known) {
  const concat = known.axisOf(data) === undefined ? known.graph.makerOf(data) : undefined;
  const parts =
    concat?.op === "Concat" && axisOf(concat.attrs.axis as number, data.shape.length) === along
      ? concat.inputs
      : [data];
  const place = parts.findIndex((part) => known.axisOf(part) === along);
  const isApart = parts.every(
    (part, i) => i === place || (known.isFixed(part) && typeof part.shape[along] === "number"),
  );
  const [term, ...more] = termsOf(parts[place]?.shape[along] ?? 0);
  const [items, ...others] = term?.factors ?? [];
  if (place < 0 || !isApart || !term || items === undefined || more.length || others.length) return undefined;
  const sizeOf = (some: readonly Value[]) => some.reduce((sum, part) => sum + (part.shape[along] as number), 0);
  return {
    items,
    width: term.coefficient,
    before: sizeOf(parts.slice(0, place)),
    behind: sizeOf(parts.slice(place + 1)),
  };
}

/** Where the items of each row begin: how many the rows before it have. */
function beginnings({ inputs: [counts], attrs }: OpNode, { graph, rows }: Known): Places | undefined {
  const input = counts && sourceOf(graph, counts);
  const isOfRows = input?.shape.length === 1 && input.shape[0] === rows && input.dtype.startsWith("int");
  if (!isOfRows || attrs.exclusive !== 1 || attrs.reverse) return undefined;
  return { counts: input.name, width: 1, axis: 0, least: 0, most: -1 };
}

/** The graph's input that a value is, converted or not. */
function sourceOf(graph: Graph, value: Value): Value | undefined {
  const maker = graph.makerOf(value);
  if (!maker) return graph.inputs.find(({ name }) => name === value.name);
  const isSame = maker.op === "Identity" || maker.op === "Cast" || maker.op === "StopGradient";
  return isSame && maker.outputs[0]?.dtype.startsWith("int") ? sourceOf(graph, maker.inputs[0] as Value) : undefined;
}

type Step = (node: OpNode, places: readonly (Places | undefined)[], known: Known) => Places | undefined;

const same: Step = (_, [places]) => places;

/** Places to which numbers of the row itself are added. */
const moved: Step = (_, places) => {
  const [one, ...more] = places.filter((each) => each !== undefined);
  // A constant place that is moved is none any more.
  return more.length || (one && one.most >= one.least) ? undefined : one;
};

/** What ops make of places. What is not here makes none. */
const passing: Readonly<Record<string, Step>> = {
  Identity: same,
  StopGradient: same,
  Reshape: same,
  Expand: same,
  Transpose: same,
  Cast: ({ outputs: [y] }, [places]) => (y?.dtype.startsWith("int") ? places : undefined),
  Add: moved,
  Sub: (node, [left, right], known) => (left && !right ? moved(node, [left], known) : undefined),
  Mul({ inputs }, places, { graph }) {
    const one = places.find((each) => each !== undefined);
    const factor = inputs.flatMap((x, i) => (places[i] ? [] : [graph.constantOf(x)]))[0];
    if (!one || factor?.data.length !== 1 || one.most >= one.least) return undefined;
    return { ...one, width: one.width * Number(factor.data[0]) };
  },
  Where: chosen,
};

/** Places of which some are constants. */
function chosen({ inputs }: OpNode, [condition, ...places]: readonly (Places | undefined)[], { graph }: Known) {
  const bounds = places.map((each, i) => each ?? boundsOf(graph, inputs[i + 1] as Value));
  const [one, ...more] = places.filter((each) => each !== undefined);
  const isOther = more.some(({ width }) => width !== one?.width);
  if (condition || !one || isOther || bounds.includes(undefined)) return undefined;
  const given = bounds as Pick<Places, "least" | "most">[];
  const least = Math.min(...given.map((each) => each.least));
  return { ...one, least, most: Math.max(...given.map((each) => each.most)) };
}

/** The least and the greatest number of what chooses among constants. */
function boundsOf(graph: Graph, value: Value): { least: number; most: number } | undefined {
  const numbers = graph.constantOf(value)?.data;
  if (numbers)
    return { least: Math.min(0, ...Array.from(numbers, Number)), most: Math.max(-1, ...Array.from(numbers, Number)) };
  const { op, inputs } = graph.makerOf(value) ?? { op: "", inputs: [] };
  const parts = op === "Where" ? inputs.slice(1) : keepsNumbers.has(op) ? inputs.slice(0, 1) : [];
  const bounds = parts.flatMap((part) => boundsOf(graph, part) ?? []);
  if (!parts.length || bounds.length !== parts.length) return undefined;
  return { least: Math.min(...bounds.map((each) => each.least)), most: Math.max(...bounds.map((each) => each.most)) };
}

const keepsNumbers: ReadonlySet<string> = new Set(["Identity", "StopGradient", "Reshape", "Expand", "Cast"]);

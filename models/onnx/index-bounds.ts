import type { Graph, OpNode, Value } from "./graph";
import { axisOf } from "./shape";

/** What the integers of an input may be, since an op picks by them. */
export interface IndexBound {
  /** The input of the graph. */
  input: string;
  /** The least number that picks something: 0, or −size where negative ones count from the end. */
  least: number;
  /** How many there are to pick from. */
  size: number;
  /** Numbers beyond the bounds that are not used, such as the label of rows that are left out. */
  spared: readonly number[];
  /** Whether rows of a table of weights are picked, as token ids do, or places in what was computed, as labels do. */
  picks: "rows of weights" | "places";
  /** The node of the user's graph that picks. */
  scope: string | undefined;
}

/**
 * The bounds of all inputs that ops pick by, as far as sizes are known. An index beyond them ends a run inside the
 * runtime or, where it is negative, picks another row without a word: so inputs are looked at before they are fed.
 */
export function indexBounds(graph: Graph): IndexBound[] {
  const inputs = new Set(graph.inputs.map((value) => value.name));
  const weights = new Set(graph.parameters.map((parameter) => parameter.value.name));
  return graph.nodes.flatMap((node) => {
    const [data, index] = node.inputs;
    if ((node.op !== "Gather" && node.op !== "GatherElements") || !data || !index) return [];
    const size = data.shape[axisOf((node.attrs.axis as number | undefined) ?? 0, data.shape.length)];
    if (typeof size !== "number") return [];
    const isTable = weights.has(data.name);
    const least = isTable || node.op === "GatherElements" ? 0 : -size;
    const picks = isTable ? "rows of weights" : "places";
    return sources(graph, inputs, index, []).map(
      ({ input, spared }): IndexBound => ({ input, least, size, spared, picks, scope: node.scope }),
    );
  });
}

/** Ops that pass the numbers of their first input on as they are, some of them or all. */
const passing: ReadonlySet<string> = new Set([
  "Identity",
  "StopGradient",
  "Reshape",
  "Expand",
  "Transpose",
  "Slice",
  "Tile",
]);

interface Source {
  input: string;
  spared: readonly number[];
}

/** The inputs whose own numbers a value holds, but for those that were replaced on the way. */
function sources(graph: Graph, inputs: ReadonlySet<string>, value: Value, spared: readonly number[]): Source[] {
  if (inputs.has(value.name)) return [{ input: value.name, spared }];
  const node = graph.makerOf(value);
  if (!node) return [];
  if (passing.has(node.op) || isWholeCast(node)) return sources(graph, inputs, node.inputs[0] as Value, spared);
  if (node.op === "Concat") return node.inputs.flatMap((x) => sources(graph, inputs, x, spared));
  if (node.op !== "Where") return [];
  const [condition, whenTrue, whenFalse] = node.inputs as [Value, Value, Value];
  const replaced = replacedNumber(graph, condition, whenFalse);
  return replaced === undefined
    ? []
    : [...sources(graph, inputs, whenTrue, spared), ...sources(graph, inputs, whenFalse, [...spared, replaced])];
}

/** A conversion between integers. */
function isWholeCast({ op, inputs, outputs }: OpNode): boolean {
  return op === "Cast" && [inputs[0], outputs[0]].every((value) => value?.dtype.startsWith("int"));
}

/** c, where the condition is x == c. */
function replacedNumber(graph: Graph, condition: Value, x: Value): number | undefined {
  const equal = graph.makerOf(condition);
  if (equal?.op !== "Equal") return undefined;
  for (const [compared, other] of [equal.inputs, equal.inputs.toReversed()] as [Value, Value][]) {
    const cast = graph.makerOf(compared);
    const isSame = compared.name === x.name || (cast?.op === "Cast" && cast.inputs[0]?.name === x.name);
    const constant = graph.constantOf(other);
    if (isSame && constant?.data.length === 1) return Number(constant.data[0]);
  }
  return undefined;
}

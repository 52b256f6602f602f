import { type DType, Graph, type OpNode, type Value } from "./graph";
import { append, type OpName, opsOf } from "./ops/index";

export interface Halves {
  /** Computes the boundary; its outputs are named as the second graph's inputs. */
  first: Graph;
  /** Reads the boundary and whatever else it needs; has the outputs and updates of the whole. */
  second: Graph;
  /** The values that cross, and the name they have in both parts. */
  boundary: { name: string; value: Value }[];
}

/**
 * Cuts a graph in two behind the values that `isFirst` takes. What both parts need and no such value is (a parameter,
 * something made of constants) is in both; each part holds only the inputs, constants and parameters that it reads.
 * Floats may cross as a smaller type, `dtype`.
 */
export function split(graph: Graph, isFirst: (value: Value) => boolean, { as: dtype }: { as?: DType } = {}): Halves {
  const results = [...graph.outputs.values(), ...graph.updates.values()];
  const crossing = crossingOf(graph, isFirst, results);
  const boundary = crossing.map((value, i) => ({ name: `boundary_${i}`, value }));

  const first = part(graph, crossing, new Map());
  for (const { name, value } of boundary) {
    const result = first.copyOf(value);
    const isCast = dtype && value.dtype === "float32";
    first.graph.output(name, isCast ? opsOf(first.graph).Cast(result, { dtype: dtype }) : result);
  }
  const second = part(graph, results, new Map(boundary.map((b) => [b.value.name, b.name])), dtype);
  for (const [name, value] of graph.outputs) second.graph.output(name, second.copyOf(value));
  for (const [name, value] of graph.updates) second.graph.updates.set(name, second.copyOf(value));
  return { first: first.graph, second: second.graph, boundary };
}

/** A graph of what some values need, by output name: only the inputs, constants and parameters that it reads. */
export function onlyFor(graph: Graph, wanted: ReadonlyMap<string, Value>): Graph {
  const needed = part(graph, [...wanted.values()], new Map());
  for (const [name, value] of wanted) needed.graph.output(name, needed.copyOf(value));
  return needed.graph;
}

/** What ops of the first part make and the second part or the results read. */
function crossingOf(graph: Graph, isFirst: (value: Value) => boolean, results: readonly Value[]): Value[] {
  const isInside = (node: OpNode) => node.outputs.every(isFirst);
  const made = new Set(graph.nodes.filter(isInside).flatMap((node) => node.outputs.map((y) => y.name)));
  const read = graph.nodes.filter((node) => !isInside(node)).flatMap((node) => node.inputs);
  const crossing = [...read, ...results].filter((value) => made.has(value.name));
  return [...new Map(crossing.map((value) => [value.name, value])).values()];
}

/** The ops that some values need, in a graph of their own; `given` values are its inputs, by new name. */
function part(
  graph: Graph,
  wanted: readonly Value[],
  given: ReadonlyMap<string, string>,
  dtype?: DType,
): { graph: Graph; copyOf(value: Value): Value } {
  const target = new Graph();
  const entering = entrance(graph, target, given, dtype);
  const values = new Map<string, Value>();
  const copyOf = (value: Value): Value => {
    const known = values.get(value.name) ?? entering(value);
    values.set(value.name, known);
    return known;
  };
  for (const node of neededNodes(graph, wanted, given)) {
    target.scope = node.scope;
    const outputs = append(target, node.op as OpName, node.inputs.map(copyOf), node.attrs);
    for (const [i, y] of node.outputs.entries()) {
      if (!given.has(y.name)) values.set(y.name, outputs[i] as Value);
    }
  }
  target.scope = undefined;
  return { graph: target, copyOf: copyOf };
}

/** The ops that some values need, when others are given. */
function neededNodes(graph: Graph, wanted: readonly Value[], given: ReadonlyMap<string, string>): OpNode[] {
  const needed = new Set(wanted.map((value) => value.name));
  const nodes: OpNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((y) => needed.has(y.name) && !given.has(y.name))) continue;
    nodes.push(node);
    for (const x of node.inputs) needed.add(x.name);
  }
  return nodes.reverse();
}

/** How a value that no op of a part makes comes into it: as a parameter, a constant or an input. */
function entrance(
  graph: Graph,
  target: Graph,
  given: ReadonlyMap<string, string>,
  dtype: DType | undefined,
): (value: Value) => Value {
  const parameters = new Map(graph.parameters.map((p) => [p.value.name, p]));
  return (value) => {
    const parameter = parameters.get(value.name);
    if (parameter) {
      const { name, init, buffer } = parameter;
      return target.parameter(name, parameter.value.shape as readonly number[], init, buffer);
    }
    const constant = graph.constantOf(value);
    if (constant) return target.keep(value.dtype, value.shape, constant.data);
    const name = given.get(value.name);
    const isCast = name !== undefined && dtype && value.dtype === "float32";
    const input = target.input(name ?? value.name, isCast ? dtype : value.dtype, value.shape);
    return isCast ? opsOf(target).Cast(input, { dtype: value.dtype }) : input;
  };
}

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
 * Floats may cross `as` a smaller type.
 */
export function split(graph: Graph, isFirst: (value: Value) => boolean, { as }: { as?: DType } = {}): Halves {
  const isInside = (node: OpNode) => node.outputs.every(isFirst);
  const made = new Set(graph.nodes.filter(isInside).flatMap((n) => n.outputs.map((y) => y.name)));
  const results = [...graph.outputs.values(), ...graph.updates.values()];
  const crossing = new Map(
    [...graph.nodes.filter((n) => !isInside(n)).flatMap((n) => n.inputs), ...results]
      .filter((v) => made.has(v.name))
      .map((v) => [v.name, v]),
  );
  const boundary = [...crossing.values()].map((value, i) => ({ name: `boundary_${i}`, value }));

  const first = part(graph, [...crossing.values()], new Map());
  for (const { name, value } of boundary)
    first.graph.output(
      name,
      as && value.dtype === "float32" ? opsOf(first.graph).Cast(first.at(value), { dtype: as }) : first.at(value),
    );
  const second = part(graph, results, new Map(boundary.map((b) => [b.value.name, b.name])), as);
  for (const [name, value] of graph.outputs) second.graph.output(name, second.at(value));
  for (const [name, value] of graph.updates) second.graph.updates.set(name, second.at(value));
  return { first: first.graph, second: second.graph, boundary };
}

/** The ops that some values need, in a graph of their own; `given` values are its inputs, by new name. */
function part(
  graph: Graph,
  wanted: readonly Value[],
  given: ReadonlyMap<string, string>,
  as?: DType,
): { graph: Graph; at(value: Value): Value } {
  const needed = new Set(wanted.map((v) => v.name));
  const taken: OpNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((y) => needed.has(y.name) && !given.has(y.name))) continue;
    taken.unshift(node);
    for (const x of node.inputs) needed.add(x.name);
  }
  const target = new Graph();
  const values = new Map<string, Value>();
  const parameters = new Map(graph.parameters.map((p) => [p.value.name, p]));
  const constants = new Map(graph.constants.map((c) => [c.value.name, c]));
  const outside = (v: Value): Value => {
    const parameter = parameters.get(v.name);
    const constant = constants.get(v.name);
    const name = given.get(v.name);
    if (parameter)
      return target.parameter(
        parameter.name,
        parameter.value.shape as readonly number[],
        parameter.init,
        parameter.buffer,
      );
    if (constant) return target.keep(v.dtype, v.shape, constant.data);
    const cast = name !== undefined && as && v.dtype === "float32";
    const input = target.input(name ?? v.name, cast ? as : v.dtype, v.shape);
    return cast ? opsOf(target).Cast(input, { dtype: v.dtype }) : input;
  };
  const at = (v: Value): Value => {
    const known = values.get(v.name) ?? outside(v);
    values.set(v.name, known);
    return known;
  };
  for (const node of taken) {
    target.scope = node.scope;
    const outputs = append(target, node.op as OpName, node.inputs.map(at), node.attrs);
    for (const [i, y] of node.outputs.entries()) if (!given.has(y.name)) values.set(y.name, outputs[i] as Value);
  }
  target.scope = undefined;
  return { graph: target, at };
}

import { bindDim } from "./dim";
import { type Attrs, type Dim, Graph, type OpNode, type Value } from "./graph";
import { append, type OpName } from "./ops/index";

export interface Rewrite {
  /** Numbers or other names for symbolic sizes: { B: 32 } makes a graph for one batch size. */
  sizes?: Readonly<Record<string, Dim>>;
  /** Other names for inputs. */
  names?: ReadonlyMap<string, string>;
  /** Ops that it does not take are left out; nothing else may read them. */
  keeps?(node: OpNode): boolean;
  /** What stands for an op in the new graph, given its inputs there; undefined copies it. */
  visit?(node: OpNode, inputs: readonly Value[], target: Graph): readonly Value[] | undefined;
}

/**
 * A graph made anew, op by op: what every pass is written with. Names of inputs, parameters and outputs stay; types and
 * shapes are inferred again, so that sizes which became known spread by themselves. Constants that nothing reads any
 * more are left out.
 */
export function rewrite(source: Graph, { sizes = {}, names, keeps = () => true, visit }: Rewrite): Graph {
  const target = new Graph();
  const values = new Map<string, Value>();
  const constants = new Map(source.constants.map((c) => [c.value.name, c]));
  const size = (d: Dim): Dim => (typeof d === "string" ? bindDim(d, sizes) : d);
  const madeOf = ({ name }: Value): Value => {
    const constant = constants.get(name);
    const value =
      values.get(name) ?? (constant && target.keep(constant.value.dtype, constant.value.shape, constant.data));
    if (!value) throw new Error(`the value ${name} is read before it is made`);
    values.set(name, value);
    return value;
  };
  for (const v of source.inputs)
    values.set(v.name, target.input(names?.get(v.name) ?? v.name, v.dtype, v.shape.map(size)));
  for (const { name, value, init, buffer } of source.parameters)
    values.set(value.name, target.parameter(name, value.shape as readonly number[], init, buffer));
  for (const node of source.nodes) {
    if (!keeps(node)) continue;
    const inputs = node.inputs.map(madeOf);
    target.scope = node.scope;
    const outputs = visit?.(node, inputs, target) ?? append(target, node.op as OpName, inputs, bound(node.attrs));
    for (const [i, value] of outputs.entries()) values.set((node.outputs[i] as Value).name, value);
  }
  target.scope = undefined;
  for (const [name, value] of source.outputs) target.output(name, madeOf(value));
  for (const [name, value] of source.updates) target.updates.set(name, madeOf(value));
  return target;

  function bound(attrs: Attrs): Attrs {
    return Object.fromEntries(
      Object.entries(attrs).map(([name, value]) => [name, Array.isArray(value) ? value.map(size) : value]),
    );
  }
}

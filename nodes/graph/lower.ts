import { type DType, type Dim, Graph, type OpNode, type Shape, type Value } from "#models/onnx/graph";
import type { Port } from "../core/ports";
import type { Endpoint } from "./document";
import { emit, scopeOf } from "./infer";
import { key, type ResolvedGraph, type ResolvedNode } from "./resolve";

/** A parameter of a lowered graph, and the weights wire that fills it; without one it is drawn afresh. */
export interface LoweredParameter {
  /** Its name in the graph. */
  graphName: string;
  /** Its name in a checkpoint. */
  name: string;
  weights?: Endpoint;
}

export interface Lowered {
  graph: Graph;
  /** Graph inputs, named "node.port", and the wires that feed them. */
  feeds: { name: string; from: Endpoint }[];
  /** The values of the asked endpoints, by "node.port". */
  values: Map<string, Value>;
  parameters: LoweredParameter[];
  /** Bounds that parameters return to after each optimizer step, by graph name. */
  clamp: Record<string, readonly [number, number]>;
}

/** Tensor nodes to one graph. `typeOf` says what comes in from outside of them. */
export function lower(resolved: ResolvedGraph, nodes: readonly string[], typeOf: (from: Endpoint) => { dtype: DType; shape: Shape }, { training = false } = {}): Lowered {
  const graph = new Graph(), feeds = new Map<string, Value>(), values = new Map<string, Value>();
  const parameters = new Map<string, LoweredParameter>(), clamp: Lowered["clamp"] = {};
  const result: Lowered = { graph, feeds: [], values, parameters: [], clamp };
  const valueOf = (from: Endpoint): Value => {
    const inside = values.get(key(from)) ?? feeds.get(key(from));
    if (inside) return inside;
    const { dtype, shape } = typeOf(from), value = graph.input(key(from), dtype, shape);
    feeds.set(key(from), value);
    result.feeds.push({ name: value.name, from });
    return value;
  };
  for (const node of resolved.nodes.values()) {
    if (!nodes.includes(node.id)) continue;
    const inputs: Record<string, Value | Value[] | undefined> = {};
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      if (port.type !== "tensor") continue;
      const incoming = (node.inputs[name] ?? []).map(valueOf);
      inputs[name] = port.many ? incoming : incoming[0];
    }
    const outputs = emit(graph, node, inputs, { rename: (name) => claim(node, name, parameters), training });
    for (const [name, value] of Object.entries(outputs)) values.set(key({ node: node.id, port: name }), value);
    for (const [name, bounds] of Object.entries<readonly [number, number]>(node.definition.clamp ?? {})) clamp[claim(node, `${scopeOf(node)}.${name}`, parameters)] = bounds;
  }
  result.parameters = [...parameters.values()];
  return result;
}

/** Two nodes that read one weights handle share a name's tensor; the same name from another handle is another tensor. */
function claim(node: ResolvedNode, name: string, parameters: Map<string, LoweredParameter>): string {
  const weights = node.inputs.weights?.[0];
  for (let graphName = name; ; graphName = `${graphName}@${weights?.node ?? node.id}`) {
    const known = parameters.get(graphName);
    if (!known) parameters.set(graphName, { graphName, name, weights });
    else if ((known.weights && key(known.weights)) !== (weights && key(weights))) continue;
    return graphName;
  }
}

/** Ops whose `axis` 0 mixes rows. */
const mixesRows = (op: OpNode): boolean => {
  const { axis, axes } = op.attrs as { axis?: number; axes?: readonly number[] };
  const rank = op.inputs[0]?.shape.length ?? 0;
  const first = (a: number) => a === 0 || a + rank === 0;
  return (axis !== undefined && first(axis) && op.op !== "Gather") || (Array.isArray(axes) && axes.some(first));
};

/**
 * The symbol of the batch when every row of the outputs depends on the same row of the inputs alone, so that the graph may run in chunks;
 * otherwise undefined.
 */
export function rowSymbol(graph: Graph): string | undefined {
  const symbols = new Set(graph.inputs.map((v) => v.shape[0]).filter((d): d is string => typeof d === "string"));
  if (symbols.size !== 1) return undefined;
  const symbol = [...symbols][0] as string;
  const has = (v: Value) => v.shape.includes(symbol as Dim), leads = (v: Value) => v.shape[0] === symbol && !v.shape.slice(1).includes(symbol);
  const rowwise = graph.nodes.every((op) => !op.inputs.some(has) || (op.outputs.every(leads) && op.inputs.every((v) => !has(v) || leads(v)) && !mixesRows(op)));
  return rowwise && [...graph.outputs.values()].every(leads) ? symbol : undefined;
}

import { type Builder, builderOf } from "#models/blocks/builder";
import { type DType, Graph, type Init, type Shape, type Value } from "#models/onnx/graph";
import { matches } from "#models/patterns";
import type { Port } from "../core/ports";
import type { Weights } from "../core/values";
import type { Endpoint } from "./document";
import { emitNode, scopeOf } from "./infer";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";

/** A parameter of a lowered graph, and the weights wire that fills it; without one it is drawn afresh. */
export interface LoweredParameter {
  /** Its name in the graph. */
  graphName: string;
  /** Its name in a checkpoint. */
  name: string;
  /** Equal for parameters that are one tensor, in whatever graph they are lowered. */
  id: string;
  weights?: Endpoint;
  /** A low-rank adapter: drawn afresh where the checkpoint has none. */
  adapter: boolean;
  /** For a teacher's parameter: how slowly it follows the student's of the same name. */
  decay?: number;
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

export interface LowerOptions {
  training?: boolean;
  /** The weights handles that nodes read, by endpoint: what is frozen, adapted, tied, averaged. */
  handles?: ReadonlyMap<string, Weights>;
}

/** Tensor nodes to one graph. `typeOf` says what comes in from outside of them. */
export function lower(
  resolved: ResolvedGraph,
  nodes: readonly string[],
  typeOf: (from: Endpoint) => { dtype: DType; shape: Shape },
  { training = false, handles }: LowerOptions = {},
): Lowered {
  const graph = new Graph();
  const feeds = new Map<string, Value>();
  const values = new Map<string, Value>();
  const parameters = new Map<string, LoweredParameter>();
  const clamp: Lowered["clamp"] = {};
  const taken = new Set(nodes);
  const result: Lowered = { graph, feeds: [], values, parameters: [], clamp };
  const valueOf = (from: Endpoint): Value => {
    const inside = values.get(endpointKey(from)) ?? feeds.get(endpointKey(from));
    if (inside) return inside;
    const { dtype, shape } = typeOf(from);
    const value = graph.input(endpointKey(from), dtype, shape);
    feeds.set(endpointKey(from), value);
    result.feeds.push({ name: value.name, from });
    return value;
  };
  for (const node of resolved.nodes.values()) {
    if (!taken.has(node.id)) continue;
    const inputs: Record<string, Value | Value[] | undefined> = {};
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      if (port.type !== "tensor") continue;
      const incoming = (node.inputs[name] ?? []).map(valueOf);
      inputs[name] = port.many ? incoming : incoming[0];
    }
    const weights = node.inputs.weights?.[0];
    const handle = weights && handles?.get(endpointKey(weights));
    const claim = claims(resolved, node, handle, parameters);
    for (const [name, value] of Object.entries(
      emitNode(graph, node, inputs, parametersOf(graph, handle, claim, training)),
    ))
      values.set(endpointKey({ node: node.id, port: name }), value);
    for (const [name, bounds] of Object.entries<readonly [number, number]>(node.definition.clamp ?? {}))
      clamp[claim(`${scopeOf(node)}.${name}`)] = bounds;
  }
  result.parameters = [...parameters.values()];
  return result;
}

/** Where a handle's tensors come from: handles that were made of one handle by freezing, adapting or averaging share its tensors. */
function originOf(graph: ResolvedGraph, from: Endpoint): string {
  const node = graph.nodes.get(from.node);
  const via = node?.definition.outputs[from.port]?.shares;
  const source = via === undefined ? undefined : node?.inputs[via]?.[0];
  return source ? originOf(graph, source) : endpointKey(from);
}

/** Finds the graph name of a parameter: nodes that read tensors of one origin share those of one name; the same name of another origin is another tensor. */
function claims(
  graph: ResolvedGraph,
  node: ResolvedNode,
  handle: Weights | undefined,
  parameters: Map<string, LoweredParameter>,
): (name: string, adapter?: boolean) => string {
  const weights = node.inputs.weights?.[0];
  const origin = weights ? originOf(graph, weights) : node.id;
  const decay = handle?.average;
  return (name, adapter = false) => {
    const id = `${origin}/${name}${decay === undefined ? "" : "#average"}`;
    for (let graphName = decay === undefined ? name : averageOf(name); ; graphName = `${graphName}@${origin}`) {
      const known = parameters.get(graphName);
      if (!known)
        parameters.set(graphName, { graphName, name, id, weights, adapter, ...(decay === undefined ? {} : { decay }) });
      else if (known.id !== id) continue;
      return graphName;
    }
  };
}
/** What the moving average of a parameter is called beside it. */
export const averageOf = (name: string): string => `${name}#average`;

/** A builder whose parameters, given by full name, are what a weights handle makes of them. */
function parametersOf(
  graph: Graph,
  handle: Weights | undefined,
  claim: (name: string, adapter?: boolean) => string,
  training: boolean,
): Builder {
  const builder = builderOf(graph, training);
  const { op } = builder;
  const { frozen = [], lora = [], ties = [], average } = handle ?? {};
  const fixed = average !== undefined;
  const stopped = (value: Value) => (training ? op.StopGradient(value) : value);
  const take = (name: string, shape: readonly number[], init: Init, adapter = false) =>
    graph.parameter(claim(name, adapter), shape, init, fixed);
  return {
    ...builder,
    buffer: (name, shape, init) => builder.buffer(claim(name), shape, init),
    weight(name, shape, init) {
      const tie = ties.find((t) => t.name === name);
      const source = tie?.to ?? name;
      const stored = tie?.transposed ? shape.toReversed() : shape;
      const turned = (value: Value) =>
        tie?.transposed ? op.Transpose(value, { perm: stored.map((_, i) => stored.length - 1 - i) }) : value;
      const base = take(source, stored, init);
      const adapter = stored.length === 2 ? lora.find((l) => matches(source, l.targets)) : undefined;
      if (!adapter) return turned(fixed || matches(source, frozen) ? stopped(base) : base);
      // W + (α/r)·A·B (Hu et al. 2021): A starts as a Linear's default, B at zero, and W stays.
      const [inputs = 0, outputs = 0] = stored;
      const part = (suffix: string, size: readonly number[], start: Init) => {
        const value = take(`${source}.${suffix}`, size, start, true);
        return fixed ||
          matches(
            `${source}.${suffix}`,
            frozen.filter((p) => p.includes("lora_")),
          )
          ? stopped(value)
          : value;
      };
      const a = part("lora_A", [inputs, adapter.rank], { kind: "uniform", bound: inputs ** -0.5 });
      const b = part("lora_B", [adapter.rank, outputs], { kind: "zeros" });
      return turned(op.Add(stopped(base), op.Mul(op.MatMul(a, b), builder.constant([adapter.alpha / adapter.rank]))));
    },
  };
}

import type { Port } from "../core/ports";
import type { Endpoint } from "./document";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";

/**
 * Where a handle's tensors come from: handles that were made of one handle by freezing, adapting or averaging share
 * its tensors.
 */
function originOf(graph: ResolvedGraph, from: Endpoint): Endpoint {
  const node = graph.nodes.get(from.node);
  const via = node?.definition.outputs[from.port]?.shares;
  const source = via === undefined ? undefined : node?.inputs[via]?.[0];
  return source ? originOf(graph, source) : from;
}

/** Where the parameters of a node come from: a handle, or the node itself where none is wired. */
export function parametersFrom(graph: ResolvedGraph, node: ResolvedNode): string {
  const weights = node.inputs.weights?.[0];
  return weights ? endpointKey(originOf(graph, weights)) : node.id;
}

/** Whether a training gives the parameters of a node. */
export function isTrainedElsewhere(graph: ResolvedGraph, node: ResolvedNode): boolean {
  const weights = node.inputs.weights?.[0];
  const maker = weights && graph.nodes.get(originOf(graph, weights).node);
  const ports = Object.values<Port>(maker?.definition.inputs ?? {});
  return ports.some(({ deferred }) => deferred === "gradient");
}

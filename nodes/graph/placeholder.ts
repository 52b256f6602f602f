/**
 * What stands for a node whose type is not known, or for an instance that cannot be taken apart: the ports that its
 * wires name, and nothing else.
 */
import type { NodeDefinition, Registry } from "../core/node";
import type { Port, Ports } from "../core/ports";
import { ownDefinition } from "./composite-definition";
import { compositeIdOf } from "./composites";
import type { Endpoint, GraphDocument } from "./document";

type Level = Pick<GraphDocument, "nodes" | "wires">;

/** Each port is of the type that is met at the other end of its wire, where that is known. */
export function placeholder(document: Level, id: string, registry: Registry): NodeDefinition {
  const inputs: Ports = {};
  const outputs: Ports = {};
  for (const { from, to } of document.wires) {
    if (to.node === id) inputs[to.port] ??= { ...portAt(document, from, "outputs", registry), optional: true };
    if (from.node === id) outputs[from.port] ??= portAt(document, to, "inputs", registry);
  }
  const type = document.nodes[id]?.type ?? id;
  const composite = compositeIdOf(type);
  return {
    type,
    title: composite ?? type,
    description:
      composite === undefined
        ? "A node type that this Patchbay does not have. It is kept as it is."
        : "A composite that cannot be shown from here. The node is kept as it is.",
    version: document.nodes[id]?.version ?? 1,
    inputs,
    outputs,
    params: {},
    run: () => Promise.reject(new Error(`there is no node type ${type}`)),
  };
}

function portAt(document: Level, { node, port }: Endpoint, side: "inputs" | "outputs", registry: Registry): Port {
  const definition = ownDefinition(document.nodes[node], node, registry);
  const ports: Ports = definition?.[side] ?? {};
  return { type: (Object.hasOwn(ports, port) ? ports[port]?.type : undefined) ?? "file" };
}

/** What the names of weights are when an instance is taken apart: the same as before. */
import type { Registry } from "../core/node";
import { ownDefinition } from "./composite-definition";
import { hasWeights, isNamed, trainsSomething } from "./composite-scopes";
import { compositeOf } from "./composites";
import { boundary, type Composite, type Endpoint, type GraphDocument, type GraphNode } from "./document";
import { resolveParams } from "./params";

interface Expanding {
  document: GraphDocument;
  id: string;
  instance: GraphNode;
  composite: Composite;
  /** The nodes inside with the instance's values. */
  nodes: GraphDocument["nodes"];
  /** What they will be called. */
  names: ReadonlyMap<string, string>;
  registry: Registry;
}

/** The nodes with scopes that name their weights as the instance did. */
export function innerScopes(expanding: Expanding): GraphDocument["nodes"] {
  const entries = Object.entries(expanding.nodes).map(([inner, node]) => [inner, withScope(expanding, inner, node)]);
  return Object.fromEntries(entries);
}

/** Whether a node makes something under a name, or is an instance in which something is made under one. */
export function holdsNames(
  document: GraphDocument,
  node: GraphNode,
  id: string,
  registry: Registry,
  around: readonly Composite[] = [],
): boolean {
  const composite = compositeOf(document, node);
  if (!composite) return isNamed(ownDefinition(node, id, registry));
  // One that lies in itself is a problem of the graph; what else lies in it is looked at once.
  if (around.includes(composite)) return false;
  const way = [...around, composite];
  return Object.entries(composite.nodes).some(([each, inner]) => holdsNames(document, inner, each, registry, way));
}

function withScope(expanding: Expanding, inner: string, node: GraphNode): GraphNode {
  const { document, names, registry } = expanding;
  const part = scopePart(expanding, inner);
  const isRenamed = names.get(inner) !== inner;
  if (compositeOf(document, node)) {
    if (!holdsNames(document, node, inner, registry)) return node;
    const { scope } = node.params;
    const own = typeof scope === "string" ? scope : inner;
    return part || isRenamed ? withParam(node, joined(part, own)) : node;
  }
  const definition = ownDefinition(node, inner, registry);
  if (!definition || !hasWeights(definition)) return node;
  const { scope } = resolveParams(inner, definition, node, []) ?? node.params;
  const isNamed = typeof scope === "string" && scope !== "";
  return part || (isRenamed && !isNamed) ? withParam(node, joined(part, isNamed ? scope : inner)) : node;
}

const joined = (part: string, own: string): string => [part, own].filter(Boolean).join(".");
const withParam = (node: GraphNode, scope: string): GraphNode => ({ ...node, params: { ...node.params, scope } });

/** What the instance puts before the names of a node's weights: see `scopePrefixes`. */
function scopePart({ document, id, instance, composite, registry }: Expanding, inner: string): string {
  const { scope } = instance.params;
  const stated = typeof scope === "string" ? scope : undefined;
  const origin = originInside(composite, { node: inner, port: "weights" }, registry);
  if (!origin) return stated ?? id;
  if (origin.node !== boundary.inputs)
    return trainsSomething(composite.nodes[origin.node]?.type, registry) ? (stated ?? id) : "";
  const isWired = document.wires.some(({ to }) => to.node === id && to.port === origin.port);
  return stated ?? (isWired ? "" : id);
}

/** Where the handle that comes into an inner node is made, or comes in from outside. */
function originInside({ nodes, wires }: Composite, input: Endpoint, registry: Registry): Endpoint | undefined {
  const sourceOf = ({ node, port }: Endpoint) => wires.find(({ to }) => to.node === node && to.port === port)?.from;
  const passed = new Set<string>();
  let source = sourceOf(input);
  while (source && !passed.has(source.node)) {
    passed.add(source.node);
    const via: string | undefined = ownDefinition(nodes[source.node], source.node, registry)?.outputs[source.port]
      ?.shares;
    const before = via === undefined ? undefined : sourceOf({ node: source.node, port: via });
    if (!before) return source;
    source = before;
  }
  return source;
}

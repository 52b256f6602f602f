/** Nodes that were saved with an older version of their type, and what bringing them up to date changes. */
import type { NodeDefinition, Registry } from "../core/node";
import { registry as everyNode } from "../registry.gen";
import { within } from "./composite-edits";
import type { GraphDocument, GraphNode } from "./document";
import { isSame } from "./document-shape";
import { upgradedParams } from "./params";

export interface Update {
  /** The composite that it lies in; nothing for a node of the graph itself. */
  composite?: string;
  node: string;
  /** What the node is called. */
  title: string;
  from: number;
  to: number;
  /** Parameters that have another value then, or none. */
  changes: { param: string; before: unknown; after: unknown }[];
  /** Parameters that the type does not have: they mean nothing, and are gone then. */
  unused: string[];
}

/** The nodes of a graph, and of its composites, that can be brought up to date. */
export function updatesOf(document: GraphDocument, registry: Registry = everyNode): Update[] {
  const levels = Object.entries(document.composites ?? {});
  return [
    ...updatesIn(document.nodes, undefined, registry),
    ...levels.flatMap(([id, { nodes }]) => updatesIn(nodes, id, registry)),
  ];
}

/** The graph with these nodes as their types are now. */
export function withUpdates(
  document: GraphDocument,
  updates: readonly Update[],
  registry: Registry = everyNode,
): GraphDocument {
  return updates.reduce(
    (now, { composite, node: id }) =>
      within(now, composite, (level) => {
        const node = Object.hasOwn(level.nodes, id) ? level.nodes[id] : undefined;
        const updated = node && updatedNode(node, registry);
        return updated ? { ...level, nodes: { ...level.nodes, [id]: updated } } : level;
      }),
    document,
  );
}

function updatesIn(nodes: GraphDocument["nodes"], composite: string | undefined, registry: Registry): Update[] {
  return Object.entries(nodes).flatMap(([id, node]) => {
    const definition = definitionIn(registry, node.type);
    if (!definition || node.version >= definition.version) return [];
    const now = upgradedParams(definition, node);
    const names = [...new Set([...Object.keys(node.params), ...Object.keys(now)])];
    const isKnown = (name: string) => Object.hasOwn(definition.params, name);
    const changes = names
      .filter((name) => isKnown(name) || Object.hasOwn(node.params, name) !== Object.hasOwn(now, name))
      .filter((name) => !isSame(node.params[name], now[name]))
      .map((param) => ({ param, before: node.params[param], after: now[param] }));
    return [
      {
        ...(composite === undefined ? {} : { composite }),
        node: id,
        title: node.title ?? definition.title,
        from: node.version,
        to: definition.version,
        changes,
        unused: Object.keys(now).filter((name) => !isKnown(name)),
      },
    ];
  });
}

function updatedNode(node: GraphNode, registry: Registry): GraphNode | undefined {
  const definition = definitionIn(registry, node.type);
  if (!definition || node.version >= definition.version) return undefined;
  const known = Object.entries(upgradedParams(definition, node)).filter(([name]) =>
    Object.hasOwn(definition.params, name),
  );
  return { ...node, version: definition.version, params: Object.fromEntries(known) as GraphNode["params"] };
}

const definitionIn = (registry: Registry, type: string): NodeDefinition | undefined =>
  Object.hasOwn(registry, type) ? registry[type] : undefined;

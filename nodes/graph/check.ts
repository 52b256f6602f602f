import { registry as everyNode } from "../registry.gen";
import type { GraphDocument, Wire } from "./document";
import { infer, scopeOf, type Types } from "./infer";
import { errorProblem, type Problem } from "./problem";
import { definitionOf, endpointKey, type Registry, type ResolvedGraph, resolve } from "./resolve";

export interface Checked {
  graph: ResolvedGraph;
  types: Types;
  problems: Problem[];
}

/** Resolves and infers: all that can be known of a graph without running it. Called on every edit; never throws. */
export function check(document: GraphDocument, registry: Registry = everyNode): Checked {
  const graph = resolve(document, registry);
  const { types, problems } = infer(graph);
  return { graph, types, problems: [...graph.problems, ...problems, ...sharedScopes(graph)] };
}

/** Two nodes with fresh weights of the same name would silently be one; sharing is asked for with a wire. */
function sharedScopes(graph: ResolvedGraph): Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const node of graph.nodes.values()) {
    if (!node.definition.build || !("scope" in node.definition.params) || node.inputs.weights?.length) continue;
    const scope = scopeOf(node);
    const owner = owners.get(scope);
    if (owner === undefined) owners.set(scope, node.id);
    else
      problems.push(
        errorProblem(
          "duplicate-scope",
          `${node.id} and ${owner} both make new weights named "${scope}".`,
          "Give one of them another scope, or wire the same weights handle to both to share them.",
          { node: node.id, param: "scope" },
        ),
      );
  }
  return problems;
}

/** Why this wire cannot be drawn, or null. Replaces what the input had, as drawing does. */
export function canConnect(document: GraphDocument, wire: Wire, registry: Registry = everyNode): string | null {
  const many = definitionOf(document, wire.to.node, registry)?.inputs[wire.to.port]?.many;
  const others = document.wires.filter((other) => many || endpointKey(other.to) !== endpointKey(wire.to));
  if (wire.from.node === wire.to.node) return "A node cannot feed itself.";
  const before = new Set(check({ ...document, wires: others }, registry).problems.map(({ message }) => message));
  const added = check({ ...document, wires: [...others, wire] }, registry).problems.find(
    ({ severity, code, message }) => severity === "error" && code !== "missing-input" && !before.has(message),
  );
  return added ? added.message : null;
}

/** What the check found, as a person goes through it: by titles, errors first, and apart what is merely not wired. */
import { separator } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import type { Problem } from "#nodes/graph/problem";
import { definitionOf } from "../context";

export interface ListedProblem {
  problem: Problem;
  /** What the node is called; nothing for a problem of the whole graph. */
  title: string | undefined;
}

export interface Listed {
  errors: ListedProblem[];
  warnings: ListedProblem[];
  /** Inputs that have no wire yet: no alarm while a graph is being made. */
  unwired: ListedProblem[];
}

/** An input that waits for its wire. */
export const isUnwired = ({ code }: Pick<Problem, "code">): boolean => code === "missing-input";

/** `nodes` are those of the flat graph, whose ids problems name. */
export function listed(problems: readonly Problem[], nodes: GraphDocument["nodes"]): Listed {
  const all = problems.map((problem) => ({ problem, title: titleOf(problem.node, nodes) }));
  return {
    errors: all.filter(({ problem }) => problem.severity === "error" && !isUnwired(problem)),
    warnings: all.filter(({ problem }) => problem.severity === "warning"),
    unwired: all.filter(({ problem }) => isUnwired(problem)),
  };
}

function titleOf(id: string | undefined, nodes: GraphDocument["nodes"]): string | undefined {
  if (id === undefined) return undefined;
  const node = nodes[id];
  return node?.title ?? definitionOf(node?.type)?.title ?? id.slice(id.lastIndexOf(separator) + 1);
}

/** What is wrong with several nodes in the same words, such as that their type is not known, together. */
export function bunched(list: readonly ListedProblem[]): ListedProblem[][] {
  const bunches = new Map<string, ListedProblem[]>();
  for (const each of list) {
    const { code, message, port, param } = each.problem;
    const key = JSON.stringify([code, message, port, param]);
    bunches.set(key, [...(bunches.get(key) ?? []), each]);
  }
  return [...bunches.values()];
}

/** In the order in which F8 walks them. */
export const inOrder = ({ errors, warnings, unwired }: Listed): ListedProblem[] => [...errors, ...warnings, ...unwired];

/** The problem after the one at which one was last; the first one where that is gone. `by` is 1 or -1. */
export function nextOf(
  all: readonly ListedProblem[],
  last: Problem | undefined,
  by: 1 | -1,
): ListedProblem | undefined {
  const places = all.filter(({ problem }) => problem.node !== undefined);
  if (!places.length) return undefined;
  const at = last ? places.findIndex(({ problem }) => isSameProblem(problem, last)) : -1;
  if (at < 0) return by > 0 ? places[0] : places.at(-1);
  return places[(at + by + places.length) % places.length];
}

function isSameProblem(one: Problem, other: Problem): boolean {
  return one.code === other.code && one.node === other.node && one.port === other.port && one.message === other.message;
}

/**
 * What can be shown to others: which kinds of problems there are, at which types of nodes, and at which of the ports
 * and parameters that the types themselves declare. No title, no name, no value and no sentence that may quote one.
 */
export function reportOf(all: Listed, { nodes, wires }: GraphDocument): string {
  const line = ({ problem }: ListedProblem) => {
    const place = declaredPlace(problem, nodes);
    return `- ${problem.severity} ${problem.code}${place && ` at ${place}`}`;
  };
  const counts = `${Object.keys(nodes).length} nodes, ${wires.length} wires`;
  return [`Patchbay, a graph of ${counts}`, ...inOrder(all).map(line)].join("\n");
}

function declaredPlace({ node, port, param }: Problem, nodes: GraphDocument["nodes"]): string {
  const definition = definitionOf(nodes[node ?? ""]?.type);
  if (!definition) return node === undefined ? "" : "a node of an unknown type";
  const names = { ...definition.inputs, ...definition.outputs, ...definition.params };
  const name = port ?? param;
  return name !== undefined && Object.hasOwn(names, name) ? `${definition.type}.${name}` : definition.type;
}

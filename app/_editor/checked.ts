/**
 * What the compiler says of the document, cut into nodes: one that did not change keeps its identity, so that only
 * what changed is drawn again.
 */
import type { NodeDefinition } from "#nodes/core/node";
import { canConnect, check, type Checked } from "#nodes/graph/check";
import { CheckMemory } from "#nodes/graph/check-memory";
import type { GraphDocument, Wire } from "#nodes/graph/document";
import type { Problem } from "#nodes/graph/problem";
import type { NodeWires } from "#nodes/graph/wire-types";

/** What the check knows of one node: its definition with the ports of its params, its wires' types, its problems. */
export interface CheckedNode {
  definition: NodeDefinition | undefined;
  wires: NodeWires | undefined;
  problems: readonly Problem[];
}
export interface CheckedDocument extends Checked {
  nodes: ReadonlyMap<string, CheckedNode>;
}

const memory = new CheckMemory();

/** Checks a document; `before` is the check of the state before, parts of which are kept where they are the same. */
export function checkDocument(document: GraphDocument, before?: CheckedDocument): CheckedDocument {
  const checked = check(document, undefined, memory);
  const problems = byNode(checked.problems);
  const nodes = new Map<string, CheckedNode>();
  for (const id of Object.keys(document.nodes)) {
    const now: CheckedNode = {
      definition: checked.graph.nodes.get(id)?.definition,
      wires: checked.types[id],
      problems: problems.get(id) ?? [],
    };
    const known = before?.nodes.get(id);
    nodes.set(id, known && isSame(known, now) ? known : now);
  }
  return { ...checked, nodes };
}

/** Why a wire cannot be drawn, or null. */
export function reasonAgainst(document: GraphDocument, wire: Wire): string | null {
  return canConnect(document, wire, undefined, memory);
}

function byNode(problems: readonly Problem[]): Map<string, Problem[]> {
  const lists = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (problem.node === undefined) continue;
    const list = lists.get(problem.node);
    if (list) list.push(problem);
    else lists.set(problem.node, [problem]);
  }
  return lists;
}

function isSame(before: CheckedNode, now: CheckedNode): boolean {
  return (
    before.definition === now.definition &&
    before.wires === now.wires &&
    before.problems.length === now.problems.length &&
    before.problems.every((problem, i) => isSameProblem(problem, now.problems[i]))
  );
}

function isSameProblem(before: Problem, now: Problem | undefined): boolean {
  return (
    before.code === now?.code &&
    before.severity === now.severity &&
    before.message === now.message &&
    before.hint === now.hint &&
    before.port === now.port &&
    before.param === now.param
  );
}

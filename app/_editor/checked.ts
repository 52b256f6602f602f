/**
 * What the compiler says of the document, cut into nodes: one that did not change keeps its identity, so that only
 * what changed is drawn again.
 */
import { check, type Checked, objectionTo as objectionIn } from "#nodes/graph/check";
import { CheckMemory } from "#nodes/graph/check-memory";
import type { GraphDocument, Wire } from "#nodes/graph/document";
import type { Objection, Problem } from "#nodes/graph/problem";
import type { NodeWires } from "#nodes/graph/wire-types";
import { type CheckedNode, checkedInstance } from "./checked-instance";

export interface CheckedDocument extends Checked {
  /** By the ways to them: "tower", "tower/encoder". */
  nodes: ReadonlyMap<string, CheckedNode>;
}

/** What earlier checks of this window found. */
export const memory = new CheckMemory();

/** Checks a document; `before` is the check of the state before, parts of which are kept where they are the same. */
export function checkDocument(document: GraphDocument, before?: CheckedDocument): CheckedDocument {
  const { problems: found, ...rest } = check(document, undefined, memory);
  // What waits for a wire elsewhere is told there.
  const checked = { ...rest, problems: found.filter(({ code }) => code !== "build-waits") };
  const problems = byNode(checked.problems);
  const nodes = new Map<string, CheckedNode>();
  function add(id: string, now: CheckedNode): void {
    const known = before?.nodes.get(id);
    nodes.set(id, known && isSame(known, now) ? known : now);
  }
  const { flat } = checked.graph;
  // What cannot be taken apart is in the document alone.
  for (const id of new Set([...Object.keys(flat.document.nodes), ...Object.keys(document.nodes), ...problems.keys()])) {
    add(id, {
      definition: checked.graph.shown.get(id) ?? checked.graph.nodes.get(id)?.definition,
      wires: checked.types[id],
      problems: problems.get(id) ?? [],
    });
  }
  for (const path of flat.instances.keys()) {
    for (const [id, node] of checkedInstance(checked, path, memory)) add(id, node);
  }
  return { ...checked, nodes };
}

/** Why a wire cannot be drawn, or null; inside of a composite, where one is given. */
export function objectionTo(document: GraphDocument, wire: Wire, composite?: string): Objection | null {
  return objectionIn(document, wire, undefined, memory, composite);
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
    isSameWires(before.wires, now.wires) &&
    before.problems.length === now.problems.length &&
    before.problems.every((problem, i) => isSameProblem(problem, now.problems[i]))
  );
}

/** Those of an instance are put together anew by each check. */
const isSameWires = (before: NodeWires | undefined, now: NodeWires | undefined): boolean =>
  before === now || JSON.stringify(before) === JSON.stringify(now);

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

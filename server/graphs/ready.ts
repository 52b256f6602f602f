import { cutText } from "#models/files/text";
import type { GraphDocument } from "#nodes/graph/document";
import { sinks } from "#nodes/graph/plan";
import type { Problem } from "#nodes/graph/problem";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { nodesLeadingTo } from "#nodes/graph/sweep";
import { Failure, failureOf } from "../errors";

export interface Checked {
  graph: ResolvedGraph;
  problems: readonly Problem[];
}

/**
 * The nodes that a run is asked for, by default those that feed nothing. Throws the first error in what they need:
 * nothing starts that cannot end.
 */
export function readyTargets(
  document: GraphDocument,
  { graph, problems }: Checked,
  asked?: readonly string[],
): readonly string[] {
  const unknown = asked?.find((id) => !Object.hasOwn(document.nodes, id));
  if (unknown !== undefined)
    throw new Failure({
      message: `The run asks for the node “${cutText(unknown, 64, "…")}”, which is not in the graph.`,
      hint: `Its nodes are ${cutText(Object.keys(document.nodes).join(", "), 500, "…") || "none"}.`,
    });
  const targets = asked ?? sinks(graph);
  const needed = nodesLeadingTo(document, ...targets);
  const concerns = ({ node }: Problem) => node === undefined || needed.has(node) || !targets.length;
  const wrong = problems.find((problem) => problem.severity === "error" && concerns(problem));
  if (wrong) throw failureOf(wrong);
  if (!targets.length)
    throw new Failure({
      message: "The graph has no nodes, so there is nothing to run.",
      hint: "Add a node, or start from a template.",
    });
  return targets;
}

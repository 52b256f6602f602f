import { cutText } from "#models/files/text";
import type { GraphDocument } from "#nodes/graph/document";
import type { Flat } from "#nodes/graph/flatten";
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
  const unknown = asked?.find((id) => !isThere(document, graph.flat, id));
  if (unknown !== undefined)
    throw new Failure({
      message: `The run asks for the node “${cutText(unknown, 64, "…")}”, which is not in the graph.`,
      hint: `Its nodes are ${cutText(Object.keys(document.nodes).join(", "), 500, "…") || "none"}.`,
    });
  const { flat } = graph;
  const targets = asked?.flatMap((id) => flatTargets(flat, id)) ?? sinks(graph);
  const needed = nodesLeadingTo(flat.document, ...targets);
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

const isThere = (document: GraphDocument, flat: Flat, id: string): boolean =>
  Object.hasOwn(document.nodes, id) || Object.hasOwn(flat.document.nodes, id) || flat.instances.has(id);

/** What is computed where a node is asked for: of an instance what it gives, or all of it where it gives nothing. */
function flatTargets({ instances }: Flat, id: string): string[] {
  const instance = instances.get(id);
  if (!instance) return [id];
  const giving = Object.values(instance.outputs).flatMap((sources) => sources.map(({ node }) => node));
  return giving.length ? [...new Set(giving)] : instance.nodes;
}

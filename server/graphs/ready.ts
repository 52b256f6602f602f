import { cutText } from "#models/files/text";
import { compositeOf } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import type { Flat } from "#nodes/graph/flatten";
import { sinks, unreadInside } from "#nodes/graph/plan";
import { errorProblem, type Problem } from "#nodes/graph/problem";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { nodesLeadingTo } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
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
  const { computed } = graph;
  const idle = asked?.find((id) => flatTargets(graph, id).length === 0);
  if (idle !== undefined) throw failureOf(notComputed(graph, idle));
  const targets = asked?.flatMap((id) => flatTargets(graph, id)) ?? sinks(graph);
  const needed = nodesLeadingTo(computed.document, ...targets);
  const concerns = ({ node }: Problem) => node === undefined || needed.has(node) || !targets.length;
  const wrong = problems.find((problem) => problem.severity === "error" && concerns(problem));
  if (wrong) throw failureOf(wrong);
  if (!targets.length && computed.idle.size)
    throw new Failure({
      message: "All that the graph would run is muted, bypassed, or lies behind what is muted.",
      hint: "Run one of its nodes again: choose it and press Mod+M or Mod+B.",
    });
  if (!targets.length)
    throw new Failure({
      message: "The graph has no nodes, so there is nothing to run.",
      hint: "Add a node, or start from a template.",
    });
  return targets;
}

/** A target that cannot run, and the first error in what it needs. */
export interface Unsound {
  node: string;
  problem: Problem;
}

/**
 * Of what is asked for, or of all that feed nothing, the nodes that have no error in what they need; and those that
 * have. An error that is no node's, such as a circle, is everybody's.
 */
export function soundTargets(
  { graph, problems }: Checked,
  asked: readonly string[] | undefined,
): { sound: string[]; unsound: Unsound[] } {
  const { computed, flat } = graph;
  const errors = problems.filter(({ severity }) => severity === "error");
  const left = new Set([...Object.keys(flat.document.nodes), ...Object.keys(computed.document.nodes)]);
  const unread = unreadInside(graph);
  const isEnd = (id: string) => !computed.feeding.has(id) && !unread.has(id);
  const ends = [...left].filter((id) => Object.hasOwn(computed.document.nodes, id) && isEnd(id));
  const sound: string[] = [];
  const unsound: Unsound[] = [];
  for (const target of asked ?? ends) {
    const targets = flatTargets(graph, target);
    const needed = nodesLeadingTo(computed.document, ...targets);
    const problem =
      targets.length || !isThere(flat.document, flat, target)
        ? errors.find(({ node }) => node === undefined || needed.has(node))
        : notComputed(graph, target);
    if (problem) unsound.push({ node: target, problem });
    else sound.push(target);
  }
  return { sound, unsound };
}

/** What a person calls a node: its own title, or that of its type, or of the composite. */
export function titleIn(document: GraphDocument, id: string): string {
  const node = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  const definition =
    node && Object.hasOwn(registry, node.type) ? registry[node.type as keyof typeof registry] : undefined;
  return node?.title || definition?.title || (node && compositeOf(document, node)?.title) || id;
}

const isThere = (document: GraphDocument, flat: Flat, id: string): boolean =>
  Object.hasOwn(document.nodes, id) || Object.hasOwn(flat.document.nodes, id) || flat.instances.has(id);

/**
 * What is computed where a node is asked for: of an instance what it gives, or all of it where it gives nothing.
 * Nothing of what is muted or bypassed.
 */
function flatTargets({ flat, computed }: ResolvedGraph, id: string): string[] {
  const instance = flat.instances.get(id);
  const isLeft = (node: string) => !computed.idle.has(node);
  if (!instance || Object.hasOwn(computed.document.nodes, id)) return [id].filter(isLeft);
  const giving = Object.values(instance.outputs).flatMap((sources) => sources.map(({ node }) => node));
  return (giving.length ? [...new Set(giving)] : instance.nodes).filter(isLeft);
}

function notComputed({ flat, computed }: ResolvedGraph, id: string): Problem {
  const why = computed.idle.get(id) ?? computed.idle.get(flat.instances.get(id)?.nodes[0] ?? "");
  const title = titleIn(flat.document, id);
  return errorProblem(
    "no-target",
    why === "behind" ? `${title} lies behind a muted node, and so it is not run.` : `${title} is ${why ?? "not run"}.`,
    "Run it again, or ask for another node.",
    { node: id },
  );
}

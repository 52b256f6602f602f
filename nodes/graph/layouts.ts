/**
 * Nodes that put together what was laid out before, such as features of tiles and the places of their tokens: all of it
 * has to be laid out alike, or features come to lie in the wrong places.
 */
import type { Port } from "../core/ports";
import { namesOf } from "../core/wording";
import type { ResolvedGraph, ResolvedNode } from "./resolve";
import { errorProblem, type Problem } from "./problem";

/** What lays rows out, by the input through which it reaches a node. */
type Reached = Map<string, Set<ResolvedNode>>;

/** Nodes that several unequal layouts reach. Of each layout it is told once, where it first meets another. */
export function unequalLayouts(graph: ResolvedGraph): Problem[] {
  const told = new Set<string>();
  return [...graph.nodes.values()].flatMap((node) => {
    if (!node.definition.needsOneLayout) return [];
    const reached = layoutsOf(graph, node);
    const [first, ...others] = [...new Set([...reached.values()].flatMap((layouts) => [...layouts]))];
    return others.flatMap((other) => {
      if (!first || told.has(first.id) || told.has(other.id)) return [];
      const differences = differencesOf(first, other);
      if (!differences.length) return [];
      told.add(first.id).add(other.id);
      return [unequal(node, reached, [first, other], differences)];
    });
  });
}

function unequal(
  node: ResolvedNode,
  reached: Reached,
  [first, other]: readonly [ResolvedNode, ResolvedNode],
  differences: readonly string[],
): Problem {
  const through = (layout: ResolvedNode) => {
    const ports = [...reached].flatMap(([port, layouts]) => (layouts.has(layout) ? [`“${port}”`] : []));
    return `${layout.definition.title} “${layout.id}” (through ${namesOf(ports, ports.length)})`;
  };
  return errorProblem(
    "unequal-layouts",
    `What ${through(first)} and ${through(other)} laid out is put together here, and they are not set alike: ` +
      `${differences.join("; ")}.`,
    "Set both alike, or let one of them reach this node alone.",
    { node: node.id },
  );
}

/** What lays out what comes in at each input, found along wires of tensors. */
function layoutsOf(graph: ResolvedGraph, node: ResolvedNode): Reached {
  const reached: Reached = new Map();
  for (const [name, sources] of tensorInputs(node)) {
    const layouts = new Set<ResolvedNode>();
    const seen = new Set<string>();
    const waiting = sources.map(({ node: id }) => id);
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const source = graph.nodes.get(id);
      if (!source || seen.has(id)) continue;
      seen.add(id);
      if (source.definition.layout) layouts.add(source);
      else waiting.push(...tensorInputs(source).flatMap(([, before]) => before.map((from) => from.node)));
    }
    reached.set(name, layouts);
  }
  return reached;
}

const tensorInputs = ({ definition, inputs }: ResolvedNode) =>
  Object.entries(inputs).filter(([name]) => {
    const port = (definition.inputs as Record<string, Port>)[name];
    return port?.type === "tensor" && !port.deferred;
  });

/** The settings in which two layouts differ, with both values. */
function differencesOf(one: ResolvedNode, other: ResolvedNode): string[] {
  const [first = {}, second = {}] = [one, other].map(({ definition, params }) => definition.layout?.(params));
  return [...new Set([...Object.keys(first), ...Object.keys(second)])].flatMap((name) => {
    const [here, there] = [first[name], second[name]];
    return here === there ? [] : [`${name} is ${here ?? "not asked for"} and ${there ?? "not asked for"}`];
  });
}

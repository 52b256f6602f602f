import type { Endpoint } from "./document";
import { errorProblem, type Problem } from "./problem";

interface Reader {
  id: string;
  /** Where each input comes from. */
  inputs: Readonly<Record<string, readonly Endpoint[]>>;
}

/** Topological order, stable in the document's order. Nodes on a cycle are reported and left out. */
export function inOrder<Node extends Reader>(nodes: Map<string, Node>, problems: Problem[]): Map<string, Node> {
  const done = new Map<string, Node>();
  const waiting = new Map([...nodes.values()].map((node) => [node.id, sourcesOf(node, nodes)]));
  const readers = new Map<string, string[]>();
  for (const [id, sources] of waiting) {
    for (const source of sources) {
      const known = readers.get(source);
      if (known) known.push(id);
      else readers.set(source, [id]);
    }
  }
  const ready = [...nodes.keys()].filter((id) => waiting.get(id)?.size === 0);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    done.set(id, nodes.get(id) as Node);
    for (const reader of readers.get(id) ?? []) {
      const left = waiting.get(reader);
      left?.delete(id);
      if (left?.size === 0) ready.push(reader);
    }
  }
  const stuck = [...nodes.keys()].find((id) => !done.has(id));
  if (stuck !== undefined) problems.push(...cycleProblems(cycleBefore(stuck, waiting)));
  return done;
}

function sourcesOf(node: Reader, nodes: ReadonlyMap<string, Reader>): Set<string> {
  const sources = Object.values(node.inputs).flat();
  return new Set(sources.map((source) => source.node).filter((id) => nodes.has(id)));
}

/**
 * Nodes behind a cycle wait for it without being on it; walking from any stuck node to a stuck source finds the
 * cycle itself.
 */
function cycleBefore(stuck: string, waiting: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const stuckSource = (id: string): string => [...(waiting.get(id) ?? [])][0] as string;
  const path: string[] = [];
  for (let id = stuck; !path.includes(id); id = stuckSource(id)) path.unshift(id);
  const closing = stuckSource(path[0] as string);
  return path.slice(0, path.indexOf(closing) + 1);
}

function cycleProblems(cycle: readonly string[]): Problem[] {
  const message = `These nodes feed each other in a circle: ${[...cycle, cycle[0]].join(" → ")}.`;
  return cycle.map((node) => errorProblem("cycle", message, "Delete one of the wires between them.", { node }));
}

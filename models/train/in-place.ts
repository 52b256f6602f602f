import type { Graph, OpNode } from "../onnx/graph";
import type { State } from "./step";

/** Ops whose result may be the memory of their input, so that it is read later than they run. */
const views = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/**
 * The states whose next numbers may be written over their last ones: all that reads the last ones has run when the next
 * ones are made, because the next ones depend on it. Adam's moments are such; a queue that the loss reads is none.
 * Parameters are left out: where a step goes wrong theirs must still be there.
 */
export function inPlace(graph: Graph, states: readonly State[]): Set<string> {
  const readers = new Map<string, Set<OpNode>>();
  const parameters = new Set(graph.parameters.map((p) => p.name));
  for (const node of graph.nodes)
    for (const { name } of node.inputs) readers.set(name, (readers.get(name) ?? new Set()).add(node));
  const isReadBefore = ({ name, next }: State): boolean => {
    const output = graph.outputs.get(next);
    const last = output && graph.makerOf(output);
    const waiting = new Set(readers.get(name));
    if (!last || [...waiting].some((n) => views.has(n.op))) return false;
    const before = [last];
    const seen = new Set(before);
    for (const node of before) {
      if (!waiting.size) break;
      for (const maker of node.inputs.map((x) => graph.makerOf(x))) {
        if (!maker || seen.has(maker)) continue;
        seen.add(maker);
        waiting.delete(maker);
        before.push(maker);
      }
    }
    return !waiting.size;
  };
  return new Set(states.filter((s) => !parameters.has(s.name) && isReadBefore(s)).map((s) => s.name));
}

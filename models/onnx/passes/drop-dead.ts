import type { Graph } from "../graph";
import { rewrite } from "../rewrite";

/**
 * Dead code: ops that no output and no update depends on. Inputs and parameters stay, since they are what a caller
 * feeds.
 */
export function dropDead(graph: Graph): Graph {
  const needed = new Set([...graph.outputs.values(), ...graph.updates.values()].map((v) => v.name));
  for (const { inputs, outputs } of graph.nodes.toReversed()) {
    if (!outputs.some((y) => needed.has(y.name))) continue;
    for (const x of inputs) needed.add(x.name);
  }
  return rewrite(graph, { keeps: ({ outputs }) => outputs.some((y) => needed.has(y.name)) });
}

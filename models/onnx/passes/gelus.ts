import type { Graph } from "../graph";
import { cumulative } from "../gradients/activation";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";

/**
 * A GELU by parts where its gradient is taken too: both read the normal distribution up to x, of which the error
 * function is what costs most. Where only the GELU is asked for, the runtime's own op is the quicker one.
 */
export function gelus(graph: Graph): Graph {
  const known = new Set(graph.nodes.flatMap(({ op, inputs: [x] }) => (op === "Erf" && x ? [x.name] : [])));
  const halved = new Set(
    graph.nodes.flatMap(({ op, inputs, outputs: [y] }) =>
      op === "Mul" && y && known.has(y.name) ? inputs.map(({ name }) => name) : [],
    ),
  );
  return rewrite(graph, {
    visit({ op: name, inputs: [before], attrs }, [x], target) {
      if (name !== "Gelu" || attrs.approximate === "tanh" || !x || !halved.has(before?.name ?? "")) return undefined;
      const op = opsOf(target);
      return [op.Mul(x, cumulative({ op, scalar: (n) => target.constant([n], x.dtype as "float32") }, x))];
    },
  });
}

import type { Constant, Graph, Value } from "../graph";
import { append, type OpName } from "../ops/index";
import { rewrite } from "../rewrite";

/**
 * Common subexpressions: equal ops on equal inputs are computed once, and equal constants are kept once. Every op gives
 * the same for the same.
 */
export function dedupe(graph: Graph): Graph {
  const known = new Map<string, readonly Value[]>();
  const constants = new Map<string, Value>();
  const buffers = new Map<Constant["data"], number>();
  /** What a constant says: small ones by their numbers, large ones by whose numbers they share. */
  const contentOf = ({ value, data }: Constant): string => {
    if (data.length <= 64) return `${value.dtype} ${value.shape}: ${data.join()}`;
    if (!buffers.has(data)) buffers.set(data, buffers.size);
    return `${value.dtype} ${value.shape}: buffer ${buffers.get(data)}`;
  };
  return rewrite(graph, {
    visit(node, given, target) {
      const inputs = given.map((x) => {
        const constant = target.constantOf(x);
        return constant ? once(constants, contentOf(constant), () => x) : x;
      });
      return once(known, `${node.op} ${inputs.map((x) => x.name)} ${JSON.stringify(node.attrs)}`, () =>
        append(target, node.op as OpName, inputs, node.attrs),
      );
    },
  });
}

function once<T>(known: Map<string, T>, content: string, make: () => T): T {
  const value = known.get(content) ?? make();
  known.set(content, value);
  return value;
}

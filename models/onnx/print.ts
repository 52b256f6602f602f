import type { Graph, OpNode, Value } from "./graph";

const typed = ({ name, dtype, shape }: Value): string => `${name}: ${dtype}[${shape.join(",")}]`;
function call({ op, inputs, attrs }: OpNode): string {
  const names = inputs.map((x) => x.name);
  const settings = Object.entries(attrs).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${op}(${[...names, ...settings].join(", ")})`;
}

/** The graph as text, for tests, messages and docs. */
export const print = (graph: Graph): string =>
  [
    `(${[...graph.inputs, ...graph.parameters.map((p) => p.value)].map(typed).join(", ")})`,
    ...graph.constants
      .filter(({ data }) => data.length <= 8)
      .map(({ value, data }) => `  ${typed(value)} = ${[...data].join(" ")}`),
    ...graph.nodes.map((node) => `  ${node.outputs.map(typed).join(", ")} = ${call(node)}`),
    `=> ${[...graph.outputs].map(([name, value]) => `${name}=${value.name}`).join(", ")}`,
  ].join("\n");

import type { Graph, OpNode, Value } from "./graph";

const typed = ({ name, dtype, shape }: Value): string => `${name}: ${dtype}[${shape.join(",")}]`;
const call = ({ op, inputs, attrs }: OpNode): string =>
  `${op}(${[...inputs.map((x) => x.name), ...Object.entries(attrs).map(([k, v]) => `${k}=${JSON.stringify(v)}`)].join(", ")})`;

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

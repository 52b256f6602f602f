import type { GraphDocument } from "#nodes/graph/document";
import { graph } from "#tests/kit/graphs";

/** Rows of picture nodes, 40 to a row, each row a chain. */
export function rows(nodes: number): GraphDocument {
  const perRow = 40;
  const types: Record<string, [string, Record<string, unknown>]> = {};
  const wires: string[] = [];
  for (let i = 0; i < nodes; i++) {
    const isFirst = i % perRow === 0;
    types[`n${i}`] = isFirst ? ["data.emoji", {}] : [i % 2 ? "image.resize" : "image.augment", {}];
    if (!isFirst) wires.push(`n${i - 1}.image -> n${i}.image`);
  }
  const made = graph(types, wires);
  for (const [i, node] of Object.values(made.nodes).entries())
    node.position = { x: (i % perRow) * 270, y: Math.floor(i / perRow) * 240 };
  return { ...made, name: `${nodes} nodes` };
}

import type { DType, Graph, Value } from "../onnx/graph";
import { rowAxes } from "../onnx/rows";
import { type Halves, split } from "../onnx/split";

export interface HoistSpec {
  /** The symbol that counts rows. */
  symbol: string;
  /** Symbols that count the items of packed rows. */
  items?: readonly string[];
  /** Whether a parameter stays as it is during the training. */
  isFrozen(parameter: string): boolean;
  /** Whether an input is the same for a row whenever the row is drawn. */
  isSteady(input: string): boolean;
  /** What the boundary is kept as. */
  dtype: DType;
}

/**
 * The frozen, deterministic part behind the data, cut off: for a row it gives the same in every epoch, so it may run
 * once and be kept. Nothing when no parameter is read there: pictures and ids are cheaper to keep as they are.
 */
export function hoist(graph: Graph, { symbol, items, isFrozen, isSteady, dtype: as }: HoistSpec): Halves | undefined {
  const axes = rowAxes(graph, symbol, items);
  const changing = new Set<string>();
  for (const { name } of graph.inputs) {
    if (!isSteady(name)) changing.add(name);
  }
  for (const { name, value } of graph.parameters) {
    if (!isFrozen(name) || graph.updates.has(name)) changing.add(value.name);
  }
  for (const { inputs, outputs } of graph.nodes) {
    if (!inputs.some((x) => changing.has(x.name))) continue;
    for (const y of outputs) changing.add(y.name);
  }
  const inside = (v: Value) => axes.has(v.name) && !changing.has(v.name);
  // Rows are kept one after the other: a value that crosses must have them first.
  for (;;) {
    const halves = split(graph, inside, { as });
    const turned = halves.boundary.filter((b) => axes.get(b.value.name) !== 0);
    if (!turned.length) return halves.first.parameters.length ? halves : undefined;
    for (const { value } of turned) axes.delete(value.name);
  }
}

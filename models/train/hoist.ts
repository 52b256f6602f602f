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
  const learned = new Set(graph.parameters.map(({ value }) => value.name));
  for (const { inputs, outputs } of graph.nodes) {
    const isChanging = inputs.some((x) => changing.has(x.name));
    const isLearned = inputs.some((x) => learned.has(x.name));
    for (const { name } of outputs) {
      if (isChanging) changing.add(name);
      if (isLearned) learned.add(name);
    }
  }
  const inside = (v: Value) => axes.has(v.name) && !changing.has(v.name);
  // Rows are kept one after the other: a value that crosses must have them first. What is made of data alone, such as
  // where something lies, is no more to make than to keep.
  for (;;) {
    const halves = split(graph, inside, { as });
    const turned = halves.boundary.filter(({ value }) => axes.get(value.name) !== 0 || !learned.has(value.name));
    if (!turned.length) return halves.first.parameters.length ? halves : undefined;
    for (const { value } of turned) axes.delete(value.name);
  }
}

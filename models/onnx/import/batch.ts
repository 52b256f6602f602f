import { builderOf } from "../../blocks/builder";
import { Graph, type Shape, type Value } from "../graph";
import { runsByRow } from "../rows";
import { BakedBatch, type FreeModel } from "./baked";
import { emitModel } from "./emit";
import { OnnxError } from "./error";
import type { OnnxModel } from "./read";
import type { InputPort } from "./signature";

/** No file names a size like this. */
const symbol = "rows of the batch";

/**
 * A model that was exported for one batch, as one for any: where it can be emitted for a batch that is a symbol, and
 * each row of what it gives follows from its own row alone, so that the number in the file says nothing. What cannot is
 * given back as it is, and takes the batch that it was exported for.
 */
export function freed(model: OnnxModel): FreeModel {
  const [size] = model.inputs.flatMap(({ shape, unread }) => (shape?.length && !unread ? shape.slice(0, 1) : []));
  if (typeof size !== "number") return model;
  const free = { ...model, baked: new BakedBatch(size) };
  try {
    const graph = emitted(free);
    return free.baked.close() === 0 || runsByRow(graph, symbol) ? free : model;
  } catch (error) {
    if (error instanceof OnnxError) return model;
    throw error;
  }
}

function emitted(model: FreeModel & { baked: BakedBatch }): Graph {
  const graph = new Graph();
  const shapeOf = ({ shape = [] }: InputPort): Shape => (shape[0] === model.baked.size ? shape.with(0, symbol) : shape);
  const inputs = model.inputs.map((port): [string, Value] => [
    port.name,
    graph.input(port.name, port.dtype, shapeOf(port)),
  ]);
  const values = emitModel(model, builderOf(graph, false), Object.fromEntries(inputs));
  for (const [name, value] of Object.entries(values)) graph.output(name, value);
  return graph;
}

import { sampler } from "#models/train/sampler";
import type { Stage } from "#nodes/core/host";
import type { Dim } from "#models/onnx/graph";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { anySize } from "#nodes/graph/bindings";
import type { Endpoint } from "#nodes/graph/document";
import type { Cone } from "#nodes/graph/plan";
import { rowPorts } from "#nodes/graph/row-ports";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import { tensorInputs } from "../region";
import type { DrawnRows } from "./drawn-rows";
import { portionsOf } from "./portions";

export interface BatchSpec {
  graph: ResolvedGraph;
  /** The trainer, for messages. */
  node: string;
  cone: Cone;
  source: DrawnRows;
  stage: Stage;
  seed: number;
  /** Lead the draws of this stage and branch. */
  lead: readonly number[];
  /** A number for each row, equal where names are. */
  distinct: Uint32Array | undefined;
  bucket: Uint32Array | undefined;
  /** The name of the source of each row. */
  origins: readonly string[] | undefined;
}

/** What a step reads. */
export interface Batch {
  rows: Uint32Array;
  /** By "node.port": rows of the batch, and what random host nodes made of them. */
  values: ReadonlyMap<string, unknown>;
}

export interface Batches {
  /** How many rows the data has. */
  rows: number;
  /** How many batches go through the data once. */
  epoch: number;
  /** Whether a value is the same for a row whenever that row is drawn. */
  isSteady(endpoint: string): boolean;
  /** The 1-based batch, with the values that are wanted; by default all. */
  batch(index: number, wanted?: ReadonlySet<string>): Promise<Batch>;
}

/** Batches of what lies before the losses: rows as they are drawn, and what random host nodes make of them anew. */
export function openBatches(spec: BatchSpec): Batches {
  const { graph, cone, source, lead, seed, distinct, bucket } = spec;
  refuseWholeBatchNodes(spec);
  const rows = rowsOfData(spec);
  const drawSeed = lead.length ? [seed, ...lead].join() : seed;
  const mix = portionsOf(spec);
  const sample = sampler({ rows, batch: spec.stage.batchSize, seed: drawSeed, distinct, bucket, mix });
  const reads = tensorInputs(graph, cone.tensors);
  const stepwise = new Set(cone.stepwise);
  const changing = new Set(reads.filter((from) => !isSteady(graph, stepwise, from)).map(endpointKey));
  return {
    rows,
    epoch: sample.epoch,
    isSteady: (endpoint) => !changing.has(endpoint),
    async batch(index, wanted) {
      const drawn = sample.batch(index);
      const asked = wanted ? reads.filter((from) => wanted.has(endpointKey(from))) : reads;
      return { rows: drawn, values: await source.draw(drawn, asked, [seed, ...lead, "step", index]) };
    },
  };
}

/**
 * Whether rows of an endpoint are the same whenever they are drawn. Of a node that runs for each batch because of the
 * sizes that it gives, those are whose sizes are known before.
 */
function isSteady(graph: ResolvedGraph, stepwise: ReadonlySet<string>, { node: id, port }: Endpoint): boolean {
  if (!stepwise.has(id)) return true;
  const { definition, inputs } = graph.nodes.get(id) as ResolvedNode;
  const changes = definition.random || (definition.perBatch && !hasKnownSizes(definition, port));
  const sources = rowPorts(definition).flatMap((name) => inputs[name] ?? []);
  return !changes && sources.every((from) => isSteady(graph, stepwise, from));
}

/** Whether the sizes of each row or item are numbers, parameters or those of an input. */
function hasKnownSizes({ inputs, outputs }: NodeDefinition, port: string): boolean {
  const given = new Set(Object.values<Port>(inputs).flatMap(({ shape = [] }) => shape));
  const [, ...sizes] = (outputs[port] as Port).shape ?? [anySize, anySize];
  const isKnown = (size: Dim) => typeof size === "number" || size.startsWith("$") || given.has(size);
  return sizes.every((size) => size !== anySize && isKnown(size));
}

/** How many rows the data has. Every row of a batch is taken from all values at once: they must have as many. */
function rowsOfData({ graph, node, cone, source, distinct, bucket, origins, stage }: BatchSpec): number {
  const onHost = [...cone.drawn, ...cone.stepwise];
  const read = [...tensorInputs(graph, cone.tensors), ...onHost.flatMap((id) => source.rowSources(id))];
  const counts = read.map((from) => ({ from, count: source.count(from) ?? 0 }));
  const rows = Math.max(0, distinct?.length ?? 0, ...counts.map(({ count }) => count));
  if (!rows)
    throw new Failure({
      node,
      port: "loss",
      message: "The loss reads no data, so there are no batches to train on.",
      hint: "Wire a dataset to the encoders.",
    });
  for (const [port, names] of Object.entries({ distinct, bucket, source: stage.data.length ? origins : undefined })) {
    if (!names || names.length === rows) continue;
    throw new Failure({
      node,
      port,
      message: `There are ${names.length} names and ${rows} rows of data.`,
      hint: "Wire names from the same dataset: one for each row.",
    });
  }
  const uneven = counts.find(({ count }) => count !== rows);
  if (!uneven) return rows;
  const { from, count } = uneven;
  throw new Failure({
    ...from,
    message: `${endpointKey(from)} has ${count} rows, while the data has ${rows}: a batch could not be cut from both.`,
    hint: "Take images and texts from the same dataset, row by row.",
  });
}

/** What runs in every step sees the rows of one batch alone. */
function refuseWholeBatchNodes({ graph, cone }: BatchSpec): void {
  for (const id of cone.stepwise) {
    const { definition } = graph.nodes.get(id) as ResolvedNode;
    if (definition.rowwise) continue;
    throw new Failure({
      node: id,
      message: `${definition.title} needs all rows at once, so it cannot follow a node that draws anew in each step.`,
      hint: "Put it before the random node.",
    });
  }
}

import { sampler } from "#models/train/sampler";
import type { Host } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import type { PortType } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { Cone } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import { runHostNode, type Seed } from "../data-threads/task";
import { rowCount, sliceRows } from "../values";

export interface BatchSpec {
  graph: ResolvedGraph;
  /** The trainer, for messages. */
  node: string;
  cone: Cone;
  batchSize: number;
  seed: number;
  /** Leads the draws of this stage. */
  stage: number;
  distinct?: string[];
  bucket?: string[];
  valueOf(from: Endpoint): Promise<unknown>;
  hostFor(node: string, seed: Seed): Host;
}

/** What a step reads. */
export interface Batch {
  rows: Uint32Array;
  /** By "node.port": rows cut to the batch, and what random host nodes made of them. */
  values: ReadonlyMap<string, unknown>;
}

export interface Batches {
  /** How many rows the data has. */
  rows: number;
  /** Whether the first axis of a value is the batch. */
  isBatched(endpoint: string): boolean;
  /** Whether a value is the same for a row whenever that row is drawn. */
  isSteady(endpoint: string): boolean;
  /** All rows of what lies there before the training, for the parts that run once. */
  whole(endpoint: string): unknown;
  /** The 1-based batch, with the values that are wanted; by default all. */
  batch(index: number, wanted?: ReadonlySet<string>): Promise<Batch>;
  /** The same without what host nodes make anew, and what leads their draws. */
  cut(index: number, wanted?: ReadonlySet<string>): Batch & { values: Map<string, unknown>; seed: Seed };
}

/**
 * Batches of what lies before the losses: rows that are there already, cut to the batch, and what random host nodes
 * make of them anew.
 */
export async function openBatches(spec: BatchSpec): Promise<Batches> {
  const { graph, cone, stage, seed, distinct, bucket } = spec;
  const given = await givenValues(spec);
  const rows = Math.max(0, distinct?.length ?? 0, ...[...given.values()].map(({ count }) => count ?? 0));
  refuseUneven(spec, rows, given);
  refuseWholeBatchNodes(spec);
  const stepwise = cone.stepwise.map((id) => graph.nodes.get(id) as ResolvedNode);
  const readOnHost = new Set(stepwise.flatMap(({ inputs }) => Object.values(inputs).flat().map(endpointKey)));
  const drawSeed = stage === 0 ? seed : [seed, stage].join();
  const draw = sampler({ rows, batch: spec.batchSize, seed: drawSeed, distinct, bucket });
  const cut: Batches["cut"] = (index, wanted) => {
    const drawn = draw.batch(index);
    const values = new Map<string, unknown>();
    for (const [name, { type, value, count }] of given) {
      if (wanted && !wanted.has(name) && !readOnHost.has(name)) continue;
      values.set(name, count === rows ? sliceRows[type]?.(value as never, drawn) : value);
    }
    return { rows: drawn, values, seed: stage === 0 ? [seed, "step", index] : [seed, stage, "step", index] };
  };
  return {
    rows,
    isBatched: (endpoint) => !given.has(endpoint) || given.get(endpoint)?.count === rows,
    isSteady: (endpoint) => given.has(endpoint),
    whole: (endpoint) => given.get(endpoint)?.value,
    cut,
    async batch(index, wanted) {
      const { rows: drawn, values, seed: keys } = cut(index, wanted);
      for (const node of stepwise) await runHostNode(node, values, spec.hostFor(node.id, keys));
      return { rows: drawn, values };
    },
  };
}

/** A value that is there before the training. */
interface GivenValue {
  from: Endpoint;
  type: PortType;
  value: unknown;
  /** Its rows, where it has any. */
  count: number | undefined;
}

async function givenValues({ graph, cone, valueOf }: BatchSpec): Promise<Map<string, GivenValue>> {
  const read = async (from: Endpoint): Promise<[string, GivenValue]> => {
    const { type } = graph.nodes.get(from.node)?.definition.outputs[from.port] as Port;
    const value = await valueOf(from);
    return [endpointKey(from), { from, type, value, count: rowCount(type, value) }];
  };
  return new Map(await Promise.all(cone.rows.map(read)));
}

/** Every row of a batch is cut from all values at once: they must have as many. */
function refuseUneven({ node, distinct, bucket }: BatchSpec, rows: number, given: Map<string, GivenValue>): void {
  if (!rows)
    throw new Failure({
      node,
      port: "loss",
      message: "The loss reads no data, so there are no batches to train on.",
      hint: "Wire a dataset to the encoders.",
    });
  for (const [port, names] of Object.entries({ distinct, bucket })) {
    if (!names || names.length === rows) continue;
    throw new Failure({
      node,
      port,
      message: `There are ${names.length} names and ${rows} rows of data.`,
      hint: "Wire names from the same dataset: one for each row.",
    });
  }
  for (const [name, { from, type, count }] of given) {
    if (type !== "tensor" || count === rows) continue;
    throw new Failure({
      node: from.node,
      port: from.port,
      message: `${name} has ${count} rows, while the data has ${rows}: a batch could not be cut from both.`,
      hint: "Take images and texts from the same dataset, row by row.",
    });
  }
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

import { sampler } from "#models/train/sampler";
import type { Host } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import type { PortType } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { Cone } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
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
  hostFor(node: string, keys: readonly (string | number)[]): Host;
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
}

/** Batches of what lies before the losses: rows that are there already, cut to the batch, and what random host nodes make of them anew. */
export async function openBatches({
  graph,
  node,
  cone,
  batchSize,
  seed,
  stage,
  distinct,
  bucket,
  valueOf,
  hostFor,
}: BatchSpec): Promise<Batches> {
  const typeOf = (from: Endpoint): PortType => (graph.nodes.get(from.node)?.definition.outputs[from.port] as Port).type;
  const given = new Map(
    await Promise.all(
      cone.rows.map(
        async (from) => [endpointKey(from), { type: typeOf(from), value: await valueOf(from), from }] as const,
      ),
    ),
  );
  const counts = [...given.values()].map(({ type, value }) => rowCount(type, value) ?? 0);
  const rows = Math.max(0, distinct?.length ?? 0, ...counts);
  if (!rows)
    throw new Failure({
      node,
      port: "loss",
      message: "The loss reads no data, so there are no batches to train on.",
      hint: "Wire a dataset to the encoders.",
    });
  for (const [port, names] of Object.entries({ distinct, bucket })) {
    if (names && names.length !== rows)
      throw new Failure({
        node,
        port,
        message: `There are ${names.length} names and ${rows} rows of data.`,
        hint: "Wire names from the same dataset: one for each row.",
      });
  }
  for (const { type, value, from } of given.values()) {
    const count = rowCount(type, value);
    if (type === "tensor" && count !== rows)
      throw new Failure({
        node: from.node,
        port: from.port,
        message: `${endpointKey(from)} has ${count} rows, while the data has ${rows}: a batch could not be cut from both.`,
        hint: "Take images and texts from the same dataset, row by row.",
      });
  }
  for (const id of cone.stepwise) {
    const { definition } = graph.nodes.get(id) as ResolvedNode;
    if (!definition.rowwise)
      throw new Failure({
        node: id,
        message: `${definition.title} needs all rows at once, so it cannot follow a node that draws anew in each step.`,
        hint: "Put it before the random node.",
      });
  }
  const readOnHost = new Set(
    cone.stepwise.flatMap((id) =>
      Object.values(graph.nodes.get(id)?.inputs ?? {})
        .flat()
        .map(endpointKey),
    ),
  );
  const draw = sampler({ rows, batch: batchSize, seed: stage === 0 ? seed : [seed, stage].join(), distinct, bucket });
  return {
    rows,
    isBatched: (endpoint) =>
      !given.has(endpoint) || rowCount(given.get(endpoint)?.type as PortType, given.get(endpoint)?.value) === rows,
    isSteady: (endpoint) => given.has(endpoint),
    whole: (endpoint) => given.get(endpoint)?.value,
    async batch(index, wanted) {
      const drawn = draw.batch(index);
      const values = new Map<string, unknown>();
      for (const [name, { type, value }] of given)
        if (!wanted || wanted.has(name) || readOnHost.has(name))
          values.set(name, rowCount(type, value) === rows ? sliceRows[type]?.(value as never, drawn) : value);
      for (const id of cone.stepwise)
        await runStepwise(
          graph.nodes.get(id) as ResolvedNode,
          values,
          hostFor(id, stage === 0 ? [seed, "step", index] : [seed, stage, "step", index]),
        );
      return { rows: drawn, values };
    },
  };
}

/** Runs a host node on the values of one batch, and adds its own. */
export async function runStepwise(
  { id, definition, params, inputs: wires }: ResolvedNode,
  values: Map<string, unknown>,
  host: Host,
): Promise<void> {
  const inputs: Record<string, unknown> = {};
  for (const [name, port] of Object.entries<Port>(definition.inputs)) {
    const list = (wires[name] ?? []).map((from) => values.get(endpointKey(from)));
    inputs[name] = port.many ? list : list[0];
  }
  const outputs = await definition.run?.({ host, inputs, params });
  for (const [port, value] of Object.entries(outputs as object)) values.set(endpointKey({ node: id, port }), value);
}

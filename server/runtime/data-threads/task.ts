/** Host nodes on some rows: what a thread is told to do, and how it is done, there or on the calling thread. */
import type { Host } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import type { Blobs } from "../../storage/blobs";
import { runNode } from "../packed";
import { type RowType, readRows } from "../rows";

/** Leads the draws of random nodes. */
export type Seed = number | readonly (string | number)[];

/** A value that comes to a task: itself, or as it is stored, to be read where the task is done. */
export type Given = { value: unknown } | { type: RowType; stored: unknown; start: number; end: number };

export interface Task {
  /** Nodes to run, each behind those that it reads. */
  nodes: readonly string[];
  /** What they read of others, by "node.port": the rows of this task. */
  given: readonly (readonly [endpoint: string, Given])[];
  /** What is asked for. */
  reads: readonly string[];
  seed: Seed;
  /** By node: the sizes that all rows have in common, those of other tasks too. */
  common?: ReadonlyMap<string, readonly number[]>;
}

/** The machine as a node sees it that is told the sizes that all rows have in common. */
export function withCommon(host: Host, sizes: readonly number[] | undefined): Host {
  return sizes ? { ...host, commonSizes: () => sizes } : host;
}

/** What went wrong in one of a task's nodes. */
export class TaskError extends Error {
  constructor(
    readonly node: string,
    readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

export interface Done {
  /** What was asked for, by "node.port". */
  values: Map<string, unknown>;
  /** How long each node took. */
  ms: Map<string, number>;
}

/** Does a task. `whole` holds what is the same for every task. */
export async function doTask(
  task: Task,
  graph: ResolvedGraph,
  whole: ReadonlyMap<string, unknown>,
  blobs: Blobs,
  hostFor: (node: string, seed: Seed) => Host,
): Promise<Done> {
  const values = new Map(whole);
  const ms = new Map<string, number>();
  for (const [endpoint, given] of task.given) values.set(endpoint, await valueOf(given, blobs));
  for (const id of task.nodes) {
    const start = performance.now();
    try {
      await runHostNode(
        graph.nodes.get(id) as ResolvedNode,
        values,
        withCommon(hostFor(id, task.seed), task.common?.get(id)),
      );
    } catch (cause) {
      throw new TaskError(id, cause);
    }
    ms.set(id, performance.now() - start);
  }
  return { values: new Map(task.reads.map((endpoint) => [endpoint, values.get(endpoint)])), ms };
}

async function valueOf(given: Given, blobs: Blobs): Promise<unknown> {
  if ("value" in given) return given.value;
  return readRows(given.type, given.stored, given.start, given.end, blobs);
}

/** Runs a host node on values by "node.port", and adds its own. */
export async function runHostNode(node: ResolvedNode, values: Map<string, unknown>, host: Host): Promise<void> {
  const inputs: Record<string, unknown> = {};
  for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
    const list = (node.inputs[name] ?? []).map((from) => values.get(endpointKey(from)));
    inputs[name] = port.many ? list : list[0];
  }
  const outputs = await runNode(node, inputs, host);
  for (const [port, value] of Object.entries(outputs)) values.set(endpointKey({ node: node.id, port }), value);
}

import type { Host } from "#nodes/core/host";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { LoweredParameter } from "#nodes/graph/lower";
import { type Cone, plan } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import type { Blobs } from "../../storage/blobs";
import { Cancelled } from "../../errors";
import { runHostNode, type Seed } from "../data-threads/task";
import { runRegion } from "../region";
import type { Provider } from "../providers";
import type { SessionPool } from "../sessions";

export interface Evaluation {
  graph: ResolvedGraph;
  cone: Cone;
  valueOf(from: Endpoint): Promise<unknown>;
  weightsOf(from: Endpoint): Promise<Weights>;
  hostFor(node: string, seed: Seed): Host;
  seed: number;
  blobs: Blobs;
  sessions: SessionPool;
  provider: Provider;
  signal: AbortSignal;
}

/**
 * Measures with the weights as they are in the middle of a training: the nodes between held-out data and the metrics,
 * run as in any other run, on the trained tensors in place of those that the weights wires would give. Random nodes
 * draw the same every time.
 */
export async function evaluate(
  evaluation: Evaluation,
  current: (parameter: LoweredParameter) => Float32Array | undefined,
): Promise<Map<string, number>> {
  const { graph, cone, valueOf, hostFor, seed, signal } = evaluation;
  const live = new Set([...cone.tensors, ...cone.stepwise, ...cone.after]);
  const given = cone.rows.map(async (from) => [endpointKey(from), await valueOf(from)] as const);
  const values = new Map<string, unknown>(await Promise.all(given));
  const targets = cone.ends.map(({ node }) => node);
  for (const step of plan(graph, targets, (id) => !live.has(id)).steps) {
    if (signal.aborted) throw new Cancelled();
    if (step.kind === "host") {
      const node = graph.nodes.get(step.node) as ResolvedNode;
      await runHostNode(node, values, hostFor(step.node, [seed, "evaluation"]));
      continue;
    }
    const measured = await runRegion({
      ...evaluation,
      nodes: step.nodes,
      wanted: readEndpoints(evaluation, step.nodes, live),
      welcome: [],
      valueOf: async (from) => values.get(endpointKey(from)) as Tensor,
      progress: () => {},
      current,
    });
    for (const [name, value] of measured) values.set(name, value);
  }
  return new Map(cone.ends.map((end) => [endpointKey(end), values.get(endpointKey(end)) as number]));
}

/** The outputs of nodes that something in the measurement reads, or that are measured themselves. */
function readEndpoints({ graph, cone }: Evaluation, nodes: readonly string[], live: ReadonlySet<string>): Endpoint[] {
  const sources = [...live].flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
  const read = new Set([...sources, ...cone.ends].map(endpointKey));
  const outputs = nodes.flatMap((node) =>
    Object.keys(graph.nodes.get(node)?.definition.outputs ?? {}).map((port) => ({ node, port })),
  );
  return outputs.filter((endpoint) => read.has(endpointKey(endpoint)));
}

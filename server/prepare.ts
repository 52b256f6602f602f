import type { Host } from "#nodes/core/host";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { Failure, toPublic } from "./errors";

/** Lets tensor nodes load what they build from, each once. What goes wrong is told of the node that it happened in. */
export async function prepareNodes(
  graph: ResolvedGraph,
  ids: Iterable<string>,
  hostFor: (node: string) => Host,
): Promise<void> {
  for (const id of ids) {
    const node = graph.nodes.get(id);
    if (!node?.definition.prepare || node.prepared !== undefined) continue;
    try {
      node.prepared = await node.definition.prepare({ host: hostFor(id), params: node.params });
    } catch (cause) {
      throw new Failure(toPublic(cause, { node: id, title: node.definition.title }), { cause });
    }
  }
}

import { randomUUID } from "node:crypto";
import { signatures } from "#nodes/graph/plan";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { sha256 } from "../storage/blobs";
import { createHost } from "./host/create-host";
import { Results } from "./results";
import { hostOptionsOf, type StepContext, type StepOptions } from "./steps";

/** Signs the nodes of a graph, and finds what is kept of their results. */
export async function findResults(
  graph: ResolvedGraph,
  options: StepOptions,
  tell: StepContext["tell"],
): Promise<Results> {
  const { blobs, cacheDir, scratch } = options;
  const signed = signatures(graph, sha256, await fingerprints(graph, options, tell));
  const results = new Results({ graph, signatures: signed, blobs, cacheDir, scratch });
  await results.findAll();
  return results;
}

/** What the results of nodes depend on besides inputs and params. */
async function fingerprints(
  { nodes }: ResolvedGraph,
  options: StepOptions,
  tell: StepContext["tell"],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { id, definition, params } of nodes.values()) {
    if (!definition.fingerprint) continue;
    const host = createHost(hostOptionsOf(id, options, tell));
    try {
      found.set(id, await definition.fingerprint({ host, params }));
    } catch {
      found.set(id, randomUUID()); // running the node will say what is wrong
    }
  }
  return found;
}

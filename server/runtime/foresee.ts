import { join } from "node:path";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { plan } from "#nodes/graph/plan";
import { nodesOfStep } from "#nodes/graph/streams";
import { env } from "../env";
import { readyTargets } from "../graphs/ready";
import { hubOfTeam } from "../hub/held-secrets";
import { openBlobs } from "../storage/blobs";
import { findResults } from "./find-results";

/** What a run would compute, and what is there already: a plan, without running it. */
export interface Plan {
  /** Nodes that would run, in order, those of one step together. */
  steps: string[][];
  /** Nodes whose kept results would be read. */
  cached: string[];
}

/** Where nothing comes within so many milliseconds, such as from a folder far away, nothing is foreseen. */
const patience = 5000;

/** Looks what would run for these targets. Nothing is downloaded for it. Throws where the graph has an error. */
export async function foresee(document: GraphDocument, targets: readonly string[], team: string): Promise<Plan> {
  const { data, folders } = env();
  const checked = check(document);
  const wanted = readyTargets(document, checked, targets.length ? targets : undefined);
  const options = {
    document,
    blobs: openBlobs(join(data, "blobs")),
    cacheDir: join(data, "cache"),
    scratch: join(data, "scratch"),
    signal: AbortSignal.timeout(patience),
    folders,
    allowRemote: false,
    secrets: { hub: hubOfTeam(data, team), textOf },
  };
  const results = await findResults(checked.graph, options, () => {});
  const { steps, cached } = plan(checked.graph, wanted, (id) => results.entryOf(id) !== undefined);
  return { steps: steps.map((step) => [...nodesOfStep(step)]), cached };
}

async function textOf(): Promise<never> {
  throw new Error("nothing is asked of the network, so no secret is needed");
}

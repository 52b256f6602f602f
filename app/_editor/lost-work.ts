import type { NodeRun, RunState } from "./run-state";

/**
 * Milliseconds of work that are lost when the run is stopped now. What nodes gave is kept, so only what computes at
 * the moment counts:
 * from its start, or from the last checkpoint of a training. `checkpointEvery` gives the steps between a node's
 * checkpoints.
 */
export function lostWork(run: RunState, checkpointEvery: (node: string) => number | undefined, now: number): number {
  const lost = Object.entries(run.nodes)
    .filter(([, node]) => node.status === "running")
    .map(([id, node]) => now - keptUntil(node, checkpointEvery(id), now));
  return Math.max(0, ...lost);
}

/** When the work of a node was last safe. */
function keptUntil(node: NodeRun, every: number | undefined, now: number): number {
  const last = every ? (node.metrics?.steps.findLastIndex((step) => step % every === 0) ?? -1) : -1;
  return node.times?.[last] ?? node.startedAt ?? now;
}

import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import { type Assignment, withAssignment, metricValue, type SweepSpec } from "#nodes/graph/sweep";
import { type ExecuteOptions, type ExecuteResult, execute } from "../runtime/execute";

export interface TrialResult {
  number: number;
  assignment: Assignment;
  status: "done" | "failed" | "cancelled";
  metric: number | null;
  ms: number;
  error?: PublicError;
}

/** A trial, and all that the nodes gave which led to what was asked for. */
export interface RunTrial {
  trial: TrialResult;
  outputs: ExecuteResult["outputs"];
}

/**
 * Runs the trials of a sweep one after the other, without database or workers; what they have in common comes from the
 * cache. Nodes besides the metric's are run where `also` names them.
 */
export async function* runTrials(
  document: GraphDocument,
  { metric, also = [] }: Pick<SweepSpec, "metric"> & { also?: readonly string[] },
  trials: readonly Assignment[],
  options: Omit<ExecuteOptions, "document" | "targets">,
): AsyncGenerator<RunTrial> {
  for (const [i, assignment] of trials.entries()) {
    if (options.signal.aborted) return;
    const start = performance.now();
    const { status, outputs, error } = await execute({
      ...options,
      document: withAssignment(document, assignment),
      targets: [metric.node, ...also],
    });
    const trial: TrialResult = {
      number: i + 1,
      assignment,
      status,
      metric: metricValue(metric, outputs, document) ?? null,
      ms: Math.round(performance.now() - start),
      ...(error ? { error } : {}),
    };
    yield { trial, outputs };
  }
}

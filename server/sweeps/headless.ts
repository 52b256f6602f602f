import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import { type Assignment, withAssignment, metricValue, type SweepSpec } from "#nodes/graph/sweep";
import { type ExecuteOptions, execute } from "../runtime/execute";

export interface TrialResult {
  number: number;
  assignment: Assignment;
  status: "done" | "failed" | "cancelled";
  metric: number | null;
  ms: number;
  error?: PublicError;
}

/**
 * Runs the trials of a sweep one after the other, without database or workers; what they have in common comes from the
 * cache.
 */
export async function* runTrials(
  document: GraphDocument,
  { metric }: SweepSpec,
  trials: readonly Assignment[],
  options: Omit<ExecuteOptions, "document" | "targets">,
): AsyncGenerator<TrialResult> {
  for (const [i, assignment] of trials.entries()) {
    if (options.signal.aborted) return;
    const start = performance.now();
    const { status, outputs, error } = await execute({
      ...options,
      document: withAssignment(document, assignment),
      targets: [metric.node],
    });
    yield {
      number: i + 1,
      assignment,
      status,
      metric: metricValue(metric, outputs, document) ?? null,
      ms: Math.round(performance.now() - start),
      ...(error ? { error } : {}),
    };
  }
}

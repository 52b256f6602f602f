/** A sweep while it is written: what stands in the dialog's fields, and what that makes. */
import type { GraphDocument } from "#nodes/graph/document";
import { expandSweep } from "#nodes/graph/expand-sweep";
import { type Assignment, goalFor, type SweepSpec, sweepLimits, sweepSpec } from "#nodes/graph/sweep";
import { type AxisDraft, axisOf, type Metric } from "./axes";

export interface SweepDraft {
  mode: SweepSpec["mode"];
  axes: readonly AxisDraft[];
  count: string;
  seed: string;
  /** The output by which runs are compared, as "node.port". */
  endpoint: string;
  /** Of a series: the line that counts; empty for its first. */
  line: string;
  goal: SweepSpec["metric"]["goal"];
}

export const emptyDraft = (metric: Metric | undefined): SweepDraft => ({
  mode: "grid",
  axes: [],
  count: "20",
  seed: "0",
  endpoint: metric?.endpoint ?? "",
  line: "",
  goal: goalFor(metric?.type),
});

/** The sweep that a draft asks for and how many runs it makes; or why it makes none yet. */
export type Plan =
  | { spec: SweepSpec; trials: readonly Assignment[]; problem?: undefined }
  | { spec?: undefined; trials?: undefined; problem: string };

export function planOf(document: GraphDocument, draft: SweepDraft, metric: Metric | undefined): Plan {
  if (!metric)
    return {
      problem:
        "No node of this graph gives a number or a series by which runs could be compared. " +
        "Add one, such as an accuracy.",
    };
  if (!draft.axes.length) return { problem: "Add the parameters that are to vary." };
  const parsed = sweepSpec.safeParse(asked(draft, metric));
  if (!parsed.success) return { problem: missing(parsed.error.issues[0]?.path ?? [], draft.axes) };
  const expanded = expandSweep(document, parsed.data);
  const problem = expanded.problems[0];
  if (problem) return { problem: `${problem.message} ${problem.hint ?? ""}` };
  return { spec: parsed.data, trials: expanded.trials };
}

function asked(draft: SweepDraft, metric: Metric): unknown {
  const line = metric.type === "series" ? draft.line.trim() : "";
  return {
    mode: draft.mode,
    axes: draft.axes.map((axis) => axisOf(axis, draft.mode)),
    count: Number(draft.count),
    seed: Number(draft.seed),
    metric: { node: metric.node, port: metric.port, line: line || undefined, goal: draft.goal },
  };
}

/** What is wrong with a field that holds no value yet. */
function missing([part, place]: readonly PropertyKey[], axes: readonly AxisDraft[]): string {
  if (part === "count")
    return `The number of runs is a whole number from 1 to ${sweepLimits.runs.toLocaleString("en")}.`;
  if (part === "seed") return "The seed is a whole number from 0.";
  const axis = axes[Number(place)];
  return axis
    ? `Give ${axis.field.label} 1 to ${sweepLimits.values} values, or a range of numbers.`
    : "Something is missing.";
}

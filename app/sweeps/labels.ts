import type { SweepAxis } from "#nodes/graph/sweep";
import { definitionOf } from "../_editor/context";
import { fieldsOf } from "../_editor/widgets/describe";
import type { Outputs } from "../_trpc/client";

export type Sweep = Outputs["sweeps"]["get"];
export type Trial = Sweep["trials"][number];
type Named = Pick<Sweep, "nodes" | "spec">;

/** What a person calls a node, a parameter and a metric of a sweep. */
export const nodeLabel = ({ nodes }: Pick<Named, "nodes">, id: string): string =>
  nodes[id]?.title ?? definitionOf(nodes[id]?.type)?.title ?? id;
export function paramLabel(
  { nodes }: Pick<Named, "nodes">,
  { node, param }: Pick<SweepAxis, "node" | "param">,
): string {
  const definition = definitionOf(nodes[node]?.type);
  return (definition && fieldsOf(definition).find((f) => f.name === param)?.label) ?? param;
}
export const metricLabel = (sweep: Named): string =>
  `${nodeLabel(sweep, sweep.spec.metric.node)} · ${sweep.spec.metric.line ?? sweep.spec.metric.port}`;
export const valueLabel = (value: unknown): string =>
  typeof value === "string"
    ? value
    : typeof value === "number"
      ? String(Number(value.toPrecision(6)))
      : JSON.stringify(value);

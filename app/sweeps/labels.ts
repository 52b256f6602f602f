/** What a person calls a node, a parameter, a value and the metric of a sweep. */
import { constantsHolder, type SweepAxis } from "#nodes/graph/sweep";
import { definitionOf } from "../_editor/context";
import { fieldsOf } from "../_editor/widgets/describe";
import type { Outputs } from "../_trpc/client";

export type Sweep = Outputs["sweeps"]["get"];
export type Trial = Sweep["trials"][number];
type Nodes = Pick<Sweep, "nodes">;
type Named = Pick<Sweep, "nodes" | "spec">;

/** The parameter of an axis as assignments name it: "node.param". */
export const axisKey = ({ node, param }: Pick<SweepAxis, "node" | "param">): string => `${node}.${param}`;

export const nodeLabel = ({ nodes }: Nodes, id: string): string =>
  (id === constantsHolder ? "Constants" : undefined) ?? nodes[id]?.title ?? definitionOf(nodes[id]?.type)?.title ?? id;

export function paramLabel({ nodes }: Nodes, { node, param }: Pick<SweepAxis, "node" | "param">): string {
  const definition = definitionOf(nodes[node]?.type);
  const field = definition && fieldsOf(definition).find(({ name }) => name === param);
  return field?.label ?? param;
}

export function metricLabel(sweep: Named): string {
  const { node, line, port } = sweep.spec.metric;
  return `${nodeLabel(sweep, node)} · ${line ?? port}`;
}

export function valueLabel(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : JSON.stringify(value);
}

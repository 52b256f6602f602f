import * as z from "zod";
import { cleanText, cleanTexts } from "#models/files/text";
import type { PortType, Series } from "../core/values";
import { setConstantValue } from "./constants";
import type { Endpoint, GraphDocument, GraphNode } from "./document";
import { setParam } from "./edits";
import { flattened } from "./flatten";

/** Bounds on what a sweep may ask for. */
export const sweepLimits = { runs: 1000, axes: 12, values: 100 };

const parameter = { node: z.string().max(64), param: z.string().max(64) };
/**
 * What one parameter takes: one of a list, or a draw from a range. In the range of an integer parameter lie
 * integers.
 */
const axisSchema = z.union([
  z.object({ ...parameter, values: z.array(z.json().overwrite(cleanTexts)).min(1).max(sweepLimits.values) }),
  z.object({ ...parameter, min: z.number(), max: z.number(), scale: z.enum(["linear", "log"]) }),
]);

/**
 * A search over parameters of a graph: every combination of lists (grid), or `count` draws (random), and the output
 * by which runs are compared.
 */
export const sweepSpec = z.object({
  mode: z.enum(["grid", "random"]),
  axes: z.array(axisSchema).min(1).max(sweepLimits.axes),
  /** Runs of a random search; fewer when the space holds fewer different ones. */
  count: z.int().min(1).max(sweepLimits.runs).default(20),
  seed: z.int().min(0).default(0),
  /** A number, or a series, of which the last value counts: that of `line`, or of its first line. */
  metric: z.object({
    node: z.string().max(64),
    port: z.string().max(64),
    line: z.string().min(1).max(100).overwrite(cleanText).optional(),
    goal: z.enum(["max", "min"]),
  }),
});
export type SweepSpec = z.output<typeof sweepSpec>;
export type SweepAxis = SweepSpec["axes"][number];
export type SweepMetric = SweepSpec["metric"];
/** What one run of a sweep sets: values by "node.param". */
export type Assignment = Record<string, GraphNode["params"][string]>;

/** Stands in the place of a node for the graph's constants: "$.width". */
export const constantsHolder = "$";

/** The graph with the values of one run. */
export function withAssignment(document: GraphDocument, assignment: Assignment): GraphDocument {
  return Object.entries(assignment).reduce((changed, [name, value]) => {
    const { node, param } = placeNamed(name);
    return node === constantsHolder ? setConstantValue(changed, param, value) : setParam(changed, node, param, value);
  }, document);
}

/** The node and the parameter that "node.param" names. */
export function placeNamed(name: string): { node: string; param: string } {
  const dot = name.indexOf(".");
  return { node: name.slice(0, dot), param: name.slice(dot + 1) };
}

/**
 * A run's value of a metric, from its outputs by node and port; nothing when it gave none, or none that is finite. The
 * document says where an instance's output is made.
 */
export function metricValue(
  metric: SweepMetric,
  outputs: Record<string, Record<string, { type: string; value: unknown }>>,
  document?: GraphDocument,
): number | undefined {
  const { node, port } = document ? madeAt(document, metric) : metric;
  const { line } = metric;
  const output = outputs[node]?.[port];
  const value = output?.type === "series" ? lastOf(output.value as Series, line) : output?.value;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Where a value is made: that of an instance's output inside of it. */
export function madeAt(document: GraphDocument, endpoint: Endpoint): Endpoint {
  return flattened(document).instances.get(endpoint.node)?.outputs[endpoint.port]?.[0] ?? endpoint;
}

function lastOf({ lines }: Series, name: string | undefined): number | null | undefined {
  const line = name === undefined ? lines[0] : lines.find((candidate) => candidate.name === name);
  return line?.values.findLast((value) => value !== null);
}

/** Which way a metric gets better unless somebody says so: a number is mostly a score, a series a loss. */
export const goalFor = (type: PortType | undefined): SweepMetric["goal"] => (type === "series" ? "min" : "max");

/** Reads "0.1, 0.2" or "adamw, lion": a list of values, each as JSON where it is JSON and as text where not. */
export function parseValues(text: string): Assignment[string][] {
  try {
    return z.array(z.json()).parse(JSON.parse(`[${text}]`));
  } catch {
    return text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean)
      .map(jsonOrText);
  }
}

function jsonOrText(part: string): Assignment[string] {
  try {
    return JSON.parse(part);
  } catch {
    return part;
  }
}

/** "trainer.lr = 0.001, trainer.batch = 32"; constants by their names alone. */
export function trialText(trial: Assignment): string {
  return Object.entries(trial)
    .map(
      ([name, value]) =>
        `${name.replace(`${constantsHolder}.`, "")} = ${typeof value === "string" ? value : JSON.stringify(value)}`,
    )
    .join(", ");
}

/** The nodes, and all that leads to them: nothing leads to a pinned one. */
export function nodesLeadingTo(document: GraphDocument, ...ids: readonly string[]): Set<string> {
  const found = new Set(ids);
  // A set that grows while it is walked: what is added is walked too.
  for (const node of found) {
    if (Object.hasOwn(document.nodes, node) && document.nodes[node]?.pin) continue;
    const incoming = document.wires.filter((wire) => wire.to.node === node);
    for (const wire of incoming) found.add(wire.from.node);
  }
  return found;
}

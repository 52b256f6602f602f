import * as z from "zod";
import { random } from "#models/random";
import type { Port } from "../core/ports";
import type { PortType, Series } from "../core/values";
import { registry as everyNode } from "../registry.gen";
import type { GraphDocument, GraphNode } from "./document";
import { setParam } from "./edits";
import type { Problem } from "./problem";
import { definitionOf, endpointKey, type Registry, resolve } from "./resolve";

/** Bounds on what a sweep may ask for. */
export const sweepLimits = { runs: 1000, axes: 12, values: 100 };

const parameter = { node: z.string().max(64), param: z.string().max(64) };
/** What one parameter takes: one of a list, or a draw from a range. In the range of an integer parameter lie integers. */
const axis = z.union([
  z.object({ ...parameter, values: z.array(z.json()).min(1).max(sweepLimits.values) }),
  z.object({ ...parameter, min: z.number(), max: z.number(), scale: z.enum(["linear", "log"]) }),
]);

/** A search over parameters of a graph: every combination of lists (grid), or `count` draws (random), and the output by which runs are compared. */
export const sweepSpec = z.object({
  mode: z.enum(["grid", "random"]),
  axes: z.array(axis).min(1).max(sweepLimits.axes),
  /** Runs of a random search; fewer when the space holds fewer different ones. */
  count: z.int().min(1).max(sweepLimits.runs).default(20),
  seed: z.int().min(0).default(0),
  /** A number, or a series, of which the last value counts: that of `line`, or of its first line. */
  metric: z.object({
    node: z.string().max(64),
    port: z.string().max(64),
    line: z.string().min(1).max(100).optional(),
    goal: z.enum(["max", "min"]),
  }),
});
export type SweepSpec = z.output<typeof sweepSpec>;
export type SweepAxis = SweepSpec["axes"][number];
export type SweepMetric = SweepSpec["metric"];
/** What one run of a sweep sets: values by "node.param". */
export type Assignment = Record<string, GraphNode["params"][string]>;

/**
 * The runs of a sweep in the order in which they are queued, or what is wrong with it. Values are judged by the schemas of the nodes
 * they are for; whether shapes fit is left to each run.
 */
export function expandSweep(
  document: GraphDocument,
  spec: SweepSpec,
  registry: Registry = everyNode,
): { trials: Assignment[]; problems: Problem[] } {
  const problems = [
    ...metricProblems(document, spec, registry),
    ...spec.axes.flatMap((a, i) => axisProblems(document, spec, a, i, registry)),
  ];
  if (problems.length) return { trials: [], problems };
  const size = spec.mode === "grid" ? spec.axes.reduce((n, a) => n * listed(a).length, 1) : spec.count;
  if (size > sweepLimits.runs)
    return {
      trials: [],
      problems: [
        {
          code: "too-large",
          severity: "error",
          message: `The sweep has ${size.toLocaleString("en")} combinations; ${sweepLimits.runs.toLocaleString("en")} is the limit.`,
          hint: "Take fewer values, or draw some of the combinations at random.",
        },
      ],
    };
  const trials = spec.mode === "grid" ? grid(spec.axes) : draws(document, spec, registry);
  const wrong = trials.flatMap((t) => trialProblems(document, t, registry).slice(0, 1));
  return wrong.length ? { trials: [], problems: wrong.slice(0, 5) } : { trials, problems };
}

/** The graph with the values of one run. */
export const withAssignment = (document: GraphDocument, assignment: Assignment): GraphDocument =>
  Object.entries(assignment).reduce(
    (d, [name, value]) => setParam(d, name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1), value),
    document,
  );

/** A run's value of a metric, from its outputs by node and port; nothing when it gave none, or none that is finite. */
export function metricValue(
  { node, port, line }: SweepMetric,
  outputs: Record<string, Record<string, { type: string; value: unknown }>>,
): number | undefined {
  const output = outputs[node]?.[port];
  const lines = output?.type === "series" ? (output.value as Series).lines : [];
  const value =
    output?.type === "number"
      ? output.value
      : (line === undefined ? lines[0] : lines.find((l) => l.name === line))?.values.findLast((v) => v !== null);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
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
      .map((part) => {
        try {
          return JSON.parse(part);
        } catch {
          return part;
        }
      });
  }
}

const names = (all: object): string => Object.keys(all).join(", ") || "none";
/** The different values of a list. */
const listed = (a: SweepAxis): Assignment[string][] =>
  "values" in a ? [...new Map(a.values.map((v) => [JSON.stringify(v), v])).values()] : [];

function metricProblems(document: GraphDocument, { metric }: SweepSpec, registry: Registry): Problem[] {
  const definition = definitionOf(document, metric.node, registry);
  const outputs = (definition?.outputs ?? {}) as Record<string, Port>;
  const type = Object.hasOwn(outputs, metric.port) ? outputs[metric.port]?.type : undefined;
  if (!definition)
    return [
      {
        code: "unknown-node",
        severity: "error",
        message: `The metric names the node "${metric.node}", which is not in the graph.`,
        hint: `Its nodes are ${names(document.nodes)}.`,
      },
    ];
  if (!type)
    return [
      {
        code: "unknown-port",
        severity: "error",
        node: metric.node,
        port: metric.port,
        message: `The metric names the output "${metric.port}", which ${definition.title} does not have.`,
        hint: `Its outputs are ${names(outputs)}.`,
      },
    ];
  if (type !== "number" && type !== "series")
    return [
      {
        code: "type-mismatch",
        severity: "error",
        node: metric.node,
        port: metric.port,
        message: `Runs are compared by a number or a series, and ${endpointKey(metric)} gives ${type}.`,
        hint: "Choose an output of one of those types, such as an accuracy or a training's curve.",
      },
    ];
  return [];
}

function axisProblems(
  document: GraphDocument,
  { mode, axes, metric }: SweepSpec,
  a: SweepAxis,
  index: number,
  registry: Registry,
): Problem[] {
  const { node, param } = a;
  const definition = definitionOf(document, node, registry);
  const bad = (message: string, hint: string): Problem[] => [
    { code: "bad-param", severity: "error", node, param, message, hint },
  ];
  if (!definition)
    return [
      {
        code: "unknown-node",
        severity: "error",
        message: `The sweep varies "${node}.${param}", and there is no node "${node}" in the graph.`,
        hint: `Its nodes are ${names(document.nodes)}.`,
      },
    ];
  const schema = Object.hasOwn(definition.params, param) ? (definition.params[param] as z.ZodType) : undefined;
  if (!schema)
    return bad(`${definition.title} has no parameter "${param}".`, `Its parameters are ${names(definition.params)}.`);
  if (axes.findIndex((b) => b.node === node && b.param === param) < index)
    return bad(`${node}.${param} is varied twice.`, "Put all of its values into one list.");
  if (!nodesLeadingTo(document, metric.node).has(node))
    return bad(
      `${node}.${param} has no effect on ${endpointKey(metric)}: nothing leads from ${definition.title} to it.`,
      "Vary a parameter of a node that the metric depends on.",
    );
  const refused = (value: unknown): Problem[] => {
    const issue = schema.safeParse(value).error?.issues[0];
    return issue
      ? bad(
          `${definition.title}: ${param} cannot be ${JSON.stringify(value)?.slice(0, 80)}. ${issue.message}.`,
          "Correct the values of the sweep.",
        )
      : [];
  };
  if ("values" in a) return a.values.flatMap(refused).slice(0, 1);
  if (mode === "grid")
    return bad(
      `A grid takes lists of values, and ${node}.${param} has a range.`,
      "List its values, or search at random.",
    );
  if (numberType(schema) === undefined)
    return bad(
      `${node}.${param} is no number, so nothing can be drawn between ${a.min} and ${a.max}.`,
      "List its values.",
    );
  if (a.min >= a.max)
    return bad(
      `The range of ${node}.${param} goes from ${a.min} to ${a.max}: it is empty.`,
      "Put the smaller number first.",
    );
  if (a.scale === "log" && a.min <= 0)
    return bad(
      `The range of ${node}.${param} is logarithmic and starts at ${a.min}.`,
      "Start above 0, or draw on a linear scale.",
    );
  return [...refused(a.min), ...refused(a.max)].slice(0, 1);
}

/** Parameters that are each fine but do not go together, such as a warmup longer than the run. */
function trialProblems(document: GraphDocument, trial: Assignment, registry: Registry): Problem[] {
  const assigned = withAssignment(document, trial);
  const varied = new Set(Object.keys(trial).map((name) => name.slice(0, name.indexOf("."))));
  const { problems } = resolve(
    {
      ...assigned,
      nodes: Object.fromEntries(Object.entries(assigned.nodes).filter(([id]) => varied.has(id))),
      wires: [],
    },
    registry,
  );
  return problems
    .filter((p) => p.param !== undefined && p.severity === "error")
    .map((p) => ({ ...p, message: `With ${trialText(trial)}: ${p.message}` }));
}

/** "trainer.lr = 0.001, trainer.batch = 32" */
export const trialText = (trial: Assignment): string =>
  Object.entries(trial)
    .map(([name, value]) => `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

/** The nodes, and all that leads to them. */
export function nodesLeadingTo(document: GraphDocument, ...ids: readonly string[]): Set<string> {
  const found = new Set(ids);
  for (const node of found) for (const wire of document.wires) if (wire.to.node === node) found.add(wire.from.node);
  return found;
}

/** "integer" or "number" where the schema takes numbers. */
function numberType(schema: z.ZodType): "integer" | "number" | undefined {
  const { type } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return type === "integer" || type === "number" ? type : undefined;
}

/** Every combination; the last axis moves fastest. */
const grid = (axes: readonly SweepAxis[]): Assignment[] =>
  axes.reduce<Assignment[]>(
    (trials, a) => trials.flatMap((t) => listed(a).map((value) => ({ ...t, [`${a.node}.${a.param}`]: value }))),
    [{}],
  );

/** Draws are keyed by seed, number and parameter: another axis, or a larger count, changes none of those that are there. Equal draws count once. */
function draws(document: GraphDocument, { axes, count, seed }: SweepSpec, registry: Registry): Assignment[] {
  const trials = new Map<string, Assignment>();
  const integers = axes.map(
    (a) => numberType(definitionOf(document, a.node, registry)?.params[a.param] as z.ZodType) === "integer",
  );
  for (let i = 0; trials.size < count && i < 20 * count; i++) {
    const trial = Object.fromEntries(
      axes.map((a, j) => [
        `${a.node}.${a.param}`,
        draw(a, random(seed, "sweep", i, a.node, a.param).uniform(), integers[j] === true),
      ]),
    );
    trials.set(JSON.stringify(trial), trial);
  }
  return [...trials.values()];
}

/** `u` in [0, 1) to a value of the axis; numbers that are not integers are rounded to four digits, as they are shown. */
function draw(a: SweepAxis, u: number, integer: boolean): Assignment[string] {
  if ("values" in a) return a.values[Math.floor(u * a.values.length)] as Assignment[string];
  const between = (low: number, high: number) => (a.scale === "log" ? low * (high / low) ** u : low + (high - low) * u);
  // Half a step more at both ends makes the first and the last integer as likely as those between.
  const value = integer ? Math.round(between(a.min - 0.5, a.max + 0.5)) : Number(between(a.min, a.max).toPrecision(4));
  return Math.min(a.max, Math.max(a.min, value));
}

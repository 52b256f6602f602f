import { cutText } from "#models/files/text";
import * as z from "zod";
import type { Port } from "../core/ports";
import { check } from "./check";
import { CheckMemory } from "./check-memory";
import type { GraphDocument } from "./document";
import { errorProblem, type Problem } from "./problem";
import { flattened } from "./flatten";
import { definitionOf, endpointKey, type Registry, resolve } from "./resolve";
import { registry as everyNode } from "../registry.gen";
import { nodesSetBy, reachOf, settableAt } from "./settable";
import {
  type Assignment,
  constantsHolder,
  madeAt,
  nodesLeadingTo,
  placeNamed,
  type SweepAxis,
  type SweepSpec,
  trialText,
  withAssignment,
} from "./sweep";

/** Why runs cannot be compared by the output that the sweep names. */
export function metricProblems(document: GraphDocument, { metric }: SweepSpec, registry: Registry): Problem[] {
  const definition = definitionOf(document, metric.node, registry);
  if (!definition)
    return [
      errorProblem(
        "unknown-node",
        `The metric names the node "${metric.node}", which is not in the graph.`,
        `Its nodes are ${namesIn(document.nodes)}.`,
      ),
    ];
  const outputs: Record<string, Port> = definition.outputs;
  const type = Object.hasOwn(outputs, metric.port) ? outputs[metric.port]?.type : undefined;
  const place = { node: metric.node, port: metric.port };
  if (!type)
    return [
      errorProblem(
        "unknown-port",
        `The metric names the output "${metric.port}", which ${definition.title} does not have.`,
        `Its outputs are ${namesIn(outputs)}.`,
        place,
      ),
    ];
  if (type !== "number" && type !== "series")
    return [
      errorProblem(
        "type-mismatch",
        `Runs are compared by a number or a series, and ${endpointKey(metric)} gives ${type}.`,
        "Choose an output of one of those types, such as an accuracy or a training's curve.",
        place,
      ),
    ];
  return [];
}

/** Why a parameter cannot be varied as the axis of that number asks. */
export function axisProblems(document: GraphDocument, spec: SweepSpec, index: number, registry: Registry): Problem[] {
  const axis = spec.axes[index] as SweepAxis;
  const { node, param } = axis;
  const isConstant = node === constantsHolder;
  const name = isConstant ? param : `${node}.${param}`;
  const definition = settableAt(document, node, registry);
  const place = isConstant ? {} : { node, param };
  const bad: Bad = (message, hint) => [errorProblem("bad-param", message, hint, place)];
  if (!definition)
    return [
      errorProblem(
        "unknown-node",
        isConstant
          ? `The sweep varies the constant "${name}", and the graph has no constants.`
          : `The sweep varies "${name}", and there is no node "${node}" in the graph.`,
        isConstant ? "Add it in the graph's inspector." : `Its nodes are ${namesIn(document.nodes)}.`,
      ),
    ];
  const schema = Object.hasOwn(definition.params, param) ? (definition.params[param] as z.ZodType) : undefined;
  if (!schema && isConstant)
    return bad(`The graph has no constant "${param}".`, `Its constants are ${namesIn(definition.params)}.`);
  if (!schema)
    return bad(`${definition.title} has no parameter "${param}".`, `Its parameters are ${namesIn(definition.params)}.`);
  if (spec.axes.findIndex((other) => other.node === node && other.param === param) < index)
    return bad(`${name} is varied twice.`, "Put all of its values into one list.");
  if (!reachOf(document, spec.metric)(node, param))
    return bad(
      isConstant
        ? `${name} has no effect on ${endpointKey(spec.metric)}: nothing that leads to it refers to the constant.`
        : `${name} has no effect on ${endpointKey(spec.metric)}: nothing leads from ${definition.title} to it.`,
      "Vary a parameter of a node that the metric depends on.",
    );
  const pinned = pinnedOn(document, node);
  if (pinned !== undefined)
    return bad(
      `${name} has no effect: the result of ${pinned} is pinned, and every run of the sweep would have it.`,
      "Unpin it before the sweep.",
    );
  const wrongRange = "values" in axis ? undefined : rangeProblems(axis, spec.mode, schema, bad);
  if (wrongRange?.length) return wrongRange;
  const refused = (value: unknown): Problem[] => {
    const issue = schema.safeParse(value).error?.issues[0];
    if (!issue) return [];
    const shown = cutText(JSON.stringify(value), 80, "…");
    return bad(
      `${definition.title}: ${param} cannot be ${shown}. ${issue.message}.`,
      "Correct the values of the sweep.",
    );
  };
  return ("values" in axis ? axis.values : [axis.min, axis.max]).flatMap(refused).slice(0, 1);
}

/** The pinned node, itself or in what it is an instance of, that keeps a parameter from having an effect. */
function pinnedOn(document: GraphDocument, id: string): string | undefined {
  const node = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  if (node?.pin) return id;
  const inside = flattened(document).instances.get(id)?.nodes ?? [];
  return inside.find((each) => flattened(document).document.nodes[each]?.pin);
}

type Bad = (message: string, hint: string) => Problem[];

/** Why nothing can be drawn between the two ends. */
function rangeProblems(
  { node, param, min, max, scale }: Extract<SweepAxis, { min: number }>,
  mode: SweepSpec["mode"],
  schema: z.ZodType,
  bad: Bad,
): Problem[] {
  const name = `${node}.${param}`;
  if (mode === "grid")
    return bad(`A grid takes lists of values, and ${name} has a range.`, "List its values, or search at random.");
  if (numberType(schema) === undefined)
    return bad(`${name} is no number, so nothing can be drawn between ${min} and ${max}.`, "List its values.");
  if (min >= max)
    return bad(`The range of ${name} goes from ${min} to ${max}: it is empty.`, "Put the smaller number first.");
  if (scale === "log" && min <= 0)
    return bad(
      `The range of ${name} is logarithmic and starts at ${min}.`,
      "Start above 0, or draw on a linear scale.",
    );
  return [];
}

/** Parameters that are each fine but do not go together, such as a warmup longer than the run. */
export function trialProblems(document: GraphDocument, trial: Assignment, registry: Registry): Problem[] {
  const assigned = withAssignment(document, trial);
  const varied = new Set(
    Object.keys(trial)
      .map(placeNamed)
      .flatMap(({ node, param }) => nodesSetBy(document, node, param)),
  );
  const nodes = Object.fromEntries(Object.entries(assigned.nodes).filter(([id]) => varied.has(id)));
  return resolve({ ...assigned, nodes, wires: [] }, registry)
    .problems.filter((problem) => problem.param !== undefined && problem.severity === "error")
    .map((problem) => ({ ...problem, message: `With ${trialText(trial)}: ${problem.message}` }));
}

/**
 * The graph with what each run of a sweep sets, looked at one after the other: the first error in what leads to the
 * metric, with the values that bring it, or nothing.
 */
export function* judgedTrials(
  document: GraphDocument,
  { metric }: Pick<SweepSpec, "metric">,
  trials: readonly Assignment[],
  registry: Registry = everyNode,
): Generator<Problem | undefined> {
  const memory = new CheckMemory();
  function errorsWith(assigned: GraphDocument): Problem[] {
    const { graph, problems } = check(assigned, registry, memory);
    const needed = nodesLeadingTo(graph.computed.document, madeAt(assigned, metric).node);
    return problems.filter(({ severity, node }) => severity === "error" && (node === undefined || needed.has(node)));
  }
  const known = new Set(errorsWith(document).map(({ message }) => message));
  for (const trial of trials) {
    const [wrong] = errorsWith(withAssignment(document, trial));
    const isOfTrial = wrong && !known.has(wrong.message);
    yield isOfTrial ? { ...wrong, message: `With ${trialText(trial)}: ${wrong.message}` } : wrong;
  }
}

/** "integer" or "number" where the schema takes numbers. */
export function numberType(schema: z.ZodType): "integer" | "number" | undefined {
  const { type } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return type === "integer" || type === "number" ? type : undefined;
}

const namesIn = (table: object): string => Object.keys(table).join(", ") || "none";

/**
 * What somebody who does not wire makes of a graph: values of its form, and the limits that its publisher set. What is
 * wrong with them is said before anything runs; what only shows while it runs is watched there (`FormLimits`).
 */
import * as z from "zod";
import type { FormLimits, PublishedForm, ShownField } from "./published-form";
import { choiceLabel, fieldOf } from "./published-form";
import { registry as everyNode } from "../registry.gen";
import { constantNamed, paramsWith, reasonAgainstValue } from "./constants";
import type { GraphDocument, GraphNode } from "./document";
import { flattened } from "./flatten";
import { errorProblem, type Problem } from "./problem";
import { definitionOf, type Registry } from "./resolve";
import { settableAt } from "./settable";
import { type Assignment, constantsHolder, withAssignment } from "./sweep";

type Json = GraphNode["params"][string];

/** A parameter that a form can show. */
export interface PublishableParam {
  node: string;
  /** Of the node. */
  title: string;
  param: string;
  label: string;
  /** What a graph reads comes first in forms; a setting says how it works. */
  kind: "input" | "setting";
}

export interface PublishableOutput {
  node: string;
  title: string;
  port: string;
  type: string;
  /** Nothing reads the node: most likely what the graph is for. */
  isLast: boolean;
}

/** All that a form of this graph can show, in the order of its nodes. */
export function publishable(
  document: GraphDocument,
  registry: Registry = everyNode,
): { params: PublishableParam[]; outputs: PublishableOutput[] } {
  const isRead = new Set(document.wires.map(({ from }) => from.node));
  const outputs: PublishableOutput[] = [];
  const params: PublishableParam[] = [];
  for (const [node, { title: ownTitle, pin }] of Object.entries(document.nodes)) {
    const definition = definitionOf(document, node, registry);
    if (!definition) continue;
    const title = ownTitle ?? definition.title;
    const kind = Object.keys(definition.inputs).length ? "setting" : "input";
    // A pinned node is not run: what is set there has no effect.
    if (!pin) params.push(...paramsAt(document, { node, title, kind }, registry));
    for (const [port, { type }] of Object.entries(definition.outputs as Record<string, { type: string }>))
      outputs.push({ node, title, port, type, isLast: !isRead.has(node) });
  }
  params.push(...paramsAt(document, { node: constantsHolder, title: "Constants", kind: "setting" }, registry));
  return { params, outputs };
}

function paramsAt(
  document: GraphDocument,
  of: Pick<PublishableParam, "node" | "title" | "kind">,
  registry: Registry,
): PublishableParam[] {
  const names = Object.keys(settableAt(document, of.node, registry)?.params ?? {});
  return names.map((param) => {
    const { label = param } = fieldOf(document, { node: of.node, param }, registry) ?? {};
    return { ...of, param, label };
  });
}

/** What a field shows before anybody changes it: the document's value, that of a constant, or the default. */
export function valueShown(document: GraphDocument, field: ShownField): Json | undefined {
  if (field.node === constantsHolder) return constantNamed(document, field.param)?.value;
  const set = field.value === undefined ? undefined : paramsWith(document.constants ?? {}, { set: field.value }).set;
  if (set !== undefined) return set;
  const fallback = field.schema.safeParse(undefined);
  return fallback.success ? (fallback.data as Json | undefined) : undefined;
}

/**
 * The graph with values for fields of its form, by "node.param". A value that is not of the form, is not what the field
 * takes, or goes beyond a bound or limit is a problem, which names the field's place; then it is not to be run.
 */
export function withFormValues(
  document: GraphDocument,
  form: PublishedForm,
  values: Assignment,
  registry: Registry = everyNode,
): { document: GraphDocument; problems: Problem[] } {
  const fields = new Map(form.groups.flatMap((group) => group.fields.map((field) => [placeOf(field), field] as const)));
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(values)) {
    const field = fields.get(name);
    const shown = field && fieldOf(document, field, registry);
    if (!shown) {
      const known = [...fields.keys()].join(", ") || "none";
      problems.push(refused(name, `The form has no field “${name}”.`, `Its fields are ${known}.`));
      continue;
    }
    const reason = reasonAgainst(document, shown, value, form.limits);
    if (reason) problems.push(refused(name, `“${shown.label}” ${reason}`, "Change it, and start again."));
  }
  if (problems.length) return { document, problems };
  const filled = withAssignment(document, values);
  return { document: filled, problems: beyondLimits(filled, form.limits) };
}

const placeOf = ({ node, param }: { node: string; param: string }): string => `${node}.${param}`;

/** Why a field cannot have a value, as the end of a sentence that begins with its label. */
function reasonAgainst(
  document: GraphDocument,
  field: ShownField,
  value: Json,
  limits: FormLimits = {},
): string | undefined {
  const reason = reasonByForm(field, value);
  if (reason) return reason;
  const rows = rowsIn(value);
  if (limits.rows !== undefined && rows > limits.rows)
    return `has ${rows} rows; at most ${limits.rows} are taken here.`;
  const constant = field.node === constantsHolder ? constantNamed(document, field.param) : undefined;
  if (constant) return reasonAgainstValue(constant, value)?.replace(/^It is/, "is");
  const result = field.schema.safeParse(value);
  return result.success ? undefined : `cannot be this: ${result.error.issues[0]?.message ?? "it does not fit"}.`;
}

/** The same by the bounds and choices of the form alone. */
function reasonByForm({ min, max, choices }: ShownField, value: Json): string | undefined {
  if (choices && !choices.some((choice) => isSame(choice.value, value)))
    return `is one of ${choices.map(choiceLabel).join(", ")}.`;
  if (typeof value === "number" && min !== undefined && value < min) return `is at least ${min} here.`;
  if (typeof value === "number" && max !== undefined && value > max) return `is at most ${max} here.`;
  return undefined;
}

const isSame = (one: Json, other: Json): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * What of a form nobody could fill in: bounds that leave nothing, values that are offered and not taken, and values of
 * the graph itself that the form refuses. Said when it is published.
 */
export function formProblems(document: GraphDocument, form: PublishedForm, registry: Registry = everyNode): Problem[] {
  return form.groups
    .flatMap(({ fields }) => fields)
    .flatMap((field) => {
      const shown = fieldOf(document, field, registry);
      const reason = shown && reasonAgainstField(document, shown);
      return reason
        ? [refused(placeOf(field), `“${shown.label}” ${reason}`, "Change that in the form, or in the graph.")]
        : [];
    });
}

function reasonAgainstField(document: GraphDocument, field: ShownField): string | undefined {
  const { min, max, choices = [] } = field;
  if (min !== undefined && max !== undefined && min > max)
    return `is at least ${min} and at most ${max}: none is both.`;
  for (const [i, choice] of choices.entries()) {
    const name = choiceLabel(choice);
    const reason = reasonAgainst(document, { ...field, choices: undefined }, choice.value);
    if (reason) return `offers “${name}”, and ${reason}`;
    if (choices.findIndex(({ value }) => isSame(value, choice.value)) < i) return `offers “${name}” twice.`;
  }
  const now = valueShown(document, field);
  const reason = now === undefined ? undefined : reasonByForm(field, now);
  return reason && `${reason} This version has ${JSON.stringify(now)}.`;
}

/** How many rows somebody gave: entries of a list, or lines of a text. */
function rowsIn(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "string" ? value.split("\n").filter((line) => line.trim()).length : 0;
}

const trainerSteps = z.object({ steps: z.number().default(1000), epochs: z.number().default(0) });

/** Trainings that would take more steps than allowed. Those by epochs show only while they go on. */
function beyondLimits(document: GraphDocument, limits: FormLimits = {}): Problem[] {
  const { steps: most } = limits;
  if (most === undefined) return [];
  return Object.entries(flattened(document).document.nodes).flatMap(([node, { type, params }]) => {
    if (type !== "train.trainer") return [];
    const asked = trainerSteps.safeParse(paramsWith(document.constants ?? {}, params)).data;
    if (!asked || asked.epochs > 0 || asked.steps <= most) return [];
    const message = `A training would take ${asked.steps} steps; at most ${most} are allowed here.`;
    return [errorProblem("bad-param", message, "Ask for fewer.", { node, param: "steps" })];
  });
}

const refused = (param: string, message: string, hint: string): Problem =>
  errorProblem("bad-param", message, hint, { param });

/**
 * What somebody who does not wire sets of a graph, and what they are shown of it: the one declaration that templates,
 * apps and the HTTP interface share. It lies beside a named version of a graph, never in the document.
 *
 * What a form was filled in with is an `Assignment` of sweep.ts ("node.param", constants as "$.name"), and
 * `withAssignment` puts it into the document. A field looks as it does in the inspector: `fieldOf` gives the schema.
 */
import * as z from "zod";
import { cleanText } from "#models/files/text";
import type { GraphDocument, GraphNode } from "./document";
import { definitionOf, type Registry } from "./resolve";
import { settableAt } from "./settable";

const place = z.string().min(1).max(64);
const words = (most: number) => z.string().trim().max(most).overwrite(cleanText);

/** A value that is offered, and what it is called where that is not the value itself. */
const namedChoice = z.strictObject({ value: z.json(), label: words(100).optional() });
export type FormChoice = z.output<typeof namedChoice>;
/** A value alone is one without a name. */
const formChoice = z.union([namedChoice, z.json().transform((value): FormChoice => ({ value }))]);

/** A parameter of a node, of an instance of a composite, or a constant (`node` is then `constantsHolder`). */
export const formField = z.object({
  node: place,
  param: place,
  /** What it is called here; else what the inspector calls it. */
  label: words(100).optional(),
  help: words(500).optional(),
  /** Narrower bounds of a number than the node's own. */
  min: z.number().optional(),
  max: z.number().optional(),
  /** The only values that are offered, in this order. */
  choices: z.array(formChoice).min(1).max(100).optional(),
});
export type FormField = z.output<typeof formField>;

/** An output of a node that is shown. */
export const formOutput = z.object({ node: place, port: place, label: words(100).optional() });
export type FormOutput = z.output<typeof formOutput>;

const formGroup = z.object({
  /** Without one the group has no heading. */
  title: words(100).default(""),
  help: words(1000).optional(),
  fields: z.array(formField).max(100),
});

/** What a run that was started by the form may take at most. */
export const formLimits = z.object({
  minutes: z.number().positive().max(100_000).optional(),
  /** That somebody gives, or that a node reads. */
  rows: z.int().min(1).optional(),
  /** Of each training. */
  steps: z.int().min(1).optional(),
});
export type FormLimits = z.output<typeof formLimits>;

/** Groups, their fields, and outputs are in the order in which they are shown. */
export const publishedForm = z.object({
  groups: z.array(formGroup).max(20).default([]),
  outputs: z.array(formOutput).max(50).default([]),
  limits: formLimits.optional(),
});
export type PublishedForm = z.output<typeof publishedForm>;

export const emptyForm: PublishedForm = { groups: [], outputs: [] };

export interface ShownField extends FormField {
  /** What it is called, of which node, and by which schema it is edited (`.meta` has the widget and the unit). */
  label: string;
  nodeTitle: string;
  schema: z.ZodType;
  /** What the document has there; undefined stands for the schema's default. */
  value: GraphNode["params"][string] | undefined;
}

/** A field as it is shown; nothing where the document has no such parameter any more. */
export function fieldOf(document: GraphDocument, field: FormField, registry: Registry): ShownField | undefined {
  const params = settableAt(document, field.node, registry)?.params ?? {};
  if (!Object.hasOwn(params, field.param)) return undefined;
  const schema = params[field.param] as z.ZodType;
  const label = field.label || (z.globalRegistry.get(schema)?.label as string | undefined) || spoken(field.param);
  const node = Object.hasOwn(document.nodes, field.node) ? document.nodes[field.node] : undefined;
  const nodeTitle = node?.title ?? settableAt(document, field.node, registry)?.title ?? field.node;
  return { ...field, label, nodeTitle, schema, value: node?.params[field.param] };
}

/** What a choice is called. */
export const choiceLabel = ({ value, label }: FormChoice): string =>
  label || (typeof value === "string" ? value : JSON.stringify(value));

/** "batch_size" as "Batch size". */
function spoken(param: string): string {
  const text = param
    .replace(/[_-]/g, " ")
    .replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The form without what the document does not have, and how much that was. */
export function formWithin(
  form: PublishedForm,
  document: GraphDocument,
  registry: Registry,
): { form: PublishedForm; lacking: string[] } {
  const lacking: string[] = [];
  const groups = form.groups.map((group) => ({
    ...group,
    fields: group.fields.filter((field) => {
      const isThere = fieldOf(document, field, registry) !== undefined;
      if (!isThere) lacking.push(`${field.node}.${field.param}`);
      return isThere;
    }),
  }));
  const outputs = form.outputs.filter(({ node, port }) => {
    const isThere = Object.hasOwn(definitionOf(document, node, registry)?.outputs ?? {}, port);
    if (!isThere) lacking.push(`${node}.${port}`);
    return isThere;
  });
  return { form: { ...form, groups: groups.filter(({ fields }) => fields.length > 0), outputs }, lacking };
}

import type { GraphDocument } from "#nodes/graph/document";
import { choiceLabel, fieldOf, type FormField, type PublishedForm } from "#nodes/graph/published-form";
import { registry } from "#nodes/registry.gen";

export interface FormLines {
  title: string;
  fields: { label: string; help?: string; range: string }[];
}

/** The published parameters of a template to read: a group's title, what its fields are called, and what they take. */
export function formLines(form: PublishedForm, document: GraphDocument): FormLines[] {
  return form.groups.flatMap(({ title, fields }) => {
    const lines = fields.flatMap((field) => {
      const label = fieldOf(document, field, registry)?.label;
      return label === undefined ? [] : [{ label, help: field.help, range: rangeOf(field) }];
    });
    return lines.length ? [{ title, fields: lines }] : [];
  });
}

function rangeOf({ min, max, choices }: FormField): string {
  if (choices) return choices.map(choiceLabel).join(", ");
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "" : `at most ${max}`;
}

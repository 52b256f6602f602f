import type { GraphDocument } from "#nodes/graph/document";
import { fieldOf, type PublishedForm } from "#nodes/graph/published-form";
import { registry } from "#nodes/registry.gen";

/** The published parameters of a template as lines to read: a group's title, and what its fields are called. */
export function formLines(form: PublishedForm, document: GraphDocument): { title: string; fields: string[] }[] {
  return form.groups.flatMap(({ title, fields }) => {
    const labels = fields.flatMap((field) => fieldOf(document, field, registry)?.label ?? []);
    return labels.length ? [{ title, fields: labels }] : [];
  });
}

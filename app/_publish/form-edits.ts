/** Edits of a published form, none of which changes it in place. */
import type { FormField, FormOutput, PublishedForm } from "#nodes/graph/published-form";

export type Group = PublishedForm["groups"][number];

export function withField(form: PublishedForm, field: FormField): PublishedForm {
  const { groups } = form;
  const last = groups.at(-1) ?? { title: "", fields: [] };
  return { ...form, groups: [...groups.slice(0, -1), { ...last, fields: [...last.fields, field] }] };
}

export const withGroup = (form: PublishedForm): PublishedForm => ({
  ...form,
  groups: [...form.groups, { title: "More", fields: [] }],
});

export function withGroupChanged(form: PublishedForm, place: number, change: Partial<Group>): PublishedForm {
  return { ...form, groups: form.groups.map((group, i) => (i === place ? { ...group, ...change } : group)) };
}

export function withFieldChanged(form: PublishedForm, place: Place, change: Partial<FormField>): PublishedForm {
  const fields = form.groups[place.group]?.fields ?? [];
  return withGroupChanged(form, place.group, {
    fields: fields.map((field, i) => (i === place.field ? { ...field, ...change } : field)),
  });
}

/** Groups that hold nothing go with their last field. */
export function withoutField(form: PublishedForm, place: Place): PublishedForm {
  const fields = (form.groups[place.group]?.fields ?? []).filter((_, i) => i !== place.field);
  const changed = withGroupChanged(form, place.group, { fields });
  return { ...changed, groups: changed.groups.filter((group) => group.fields.length > 0) };
}

export interface Place {
  group: number;
  field: number;
}

/** A field one place up or down: beyond the end of its group it goes into the next one. */
export function moved(form: PublishedForm, { group, field }: Place, by: 1 | -1): PublishedForm {
  const groups = form.groups.map((each) => ({ ...each, fields: [...each.fields] }));
  const from = groups[group];
  const [taken] = from?.fields.splice(field, 1) ?? [];
  if (!from || !taken) return form;
  const isInside = field + by >= 0 && field + by <= from.fields.length;
  const target = isInside ? from : groups[group + by];
  if (!target) return form;
  const end = by > 0 ? 0 : target.fields.length;
  target.fields.splice(isInside ? field + by : end, 0, taken);
  return { ...form, groups: groups.filter(({ fields }) => fields.length > 0) };
}

export const withOutput = (form: PublishedForm, output: FormOutput): PublishedForm => ({
  ...form,
  outputs: [...form.outputs, output],
});

export const withOutputChanged = (form: PublishedForm, place: number, change: Partial<FormOutput>): PublishedForm => ({
  ...form,
  outputs: form.outputs.map((output, i) => (i === place ? { ...output, ...change } : output)),
});

/** A group with its fields, one place up or down. */
export const withGroupMoved = (form: PublishedForm, place: number, by: 1 | -1): PublishedForm => ({
  ...form,
  groups: shifted(form.groups, place, by),
});

export const withoutGroup = (form: PublishedForm, place: number): PublishedForm => ({
  ...form,
  groups: form.groups.filter((_, i) => i !== place),
});

export const withOutputMoved = (form: PublishedForm, place: number, by: 1 | -1): PublishedForm => ({
  ...form,
  outputs: shifted(form.outputs, place, by),
});

/** A list with one of its entries a place up or down; as it was where there is no such place. */
export function shifted<T>(list: readonly T[], place: number, by: 1 | -1): T[] {
  const [entry, other] = [list[place], list[place + by]];
  if (entry === undefined || other === undefined) return [...list];
  return list.with(place, other).with(place + by, entry);
}

export const withoutOutput = (form: PublishedForm, place: number): PublishedForm => ({
  ...form,
  outputs: form.outputs.filter((_, i) => i !== place),
});

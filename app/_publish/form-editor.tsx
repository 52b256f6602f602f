"use client";

import { Plus } from "lucide-react";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { publishable } from "#nodes/graph/filled-form";
import type { PublishedForm } from "#nodes/graph/published-form";
import { placeNamed } from "#nodes/graph/sweep";
import { Button } from "../_ui/button";
import { withField, withGroup, withGroupChanged, withGroupMoved, withOutput, withoutGroup } from "./form-edits";
import { FieldRow } from "./form-field-row";
import { OrderButtons } from "./order-buttons";
import { OutputRows } from "./output-rows";

interface FormEditorProps {
  document: GraphDocument;
  form: PublishedForm;
  onChange(form: PublishedForm): void;
}

/** Which parameters somebody sets who does not wire, in order and groups, and which outputs they are shown. */
export function FormEditor({ document, form, onChange }: FormEditorProps) {
  const offered = useMemo(() => offeredIn(document), [document]);
  const taken = new Set(form.groups.flatMap(({ fields }) => fields.map(({ node, param }) => `${node}.${param}`)));
  const shown = new Set(form.outputs.map(({ node, port }) => `${node}.${port}`));
  return (
    <section aria-label="Form" data-form-editor>
      <h3 className="font-medium">Form</h3>
      <p className="mb-2 text-xs text-ink-3">
        The parameters that matter, for those who do not wire, and the results that they are shown.
      </p>
      {form.groups.map((_, i) => (
        <GroupBox key={i} document={document} form={form} place={i} onChange={onChange} />
      ))}
      <div className="flex flex-wrap gap-2">
        <Offer
          label="Add a parameter…"
          offered={without(offered.params, taken)}
          onPick={(name) => onChange(withField(form, placeNamed(name)))}
        />
        <Button size="s" className="h-8" disabled={!form.groups.length} onClick={() => onChange(withGroup(form))}>
          <Plus className="size-3.5" aria-hidden />
          Group
        </Button>
        <Offer
          label="Add an output…"
          offered={without(offered.outputs, shown)}
          onPick={(name) => onChange(withOutput(form, portNamed(name)))}
        />
      </div>
      <OutputRows form={form} titles={offered.titles} known={offered.ports} onChange={onChange} />
    </section>
  );
}

interface GroupBoxProps extends FormEditorProps {
  place: number;
}

function GroupBox({ document, form, place, onChange }: GroupBoxProps) {
  const group = form.groups[place];
  if (!group) return null;
  const name = group.title || `group ${place + 1}`;
  return (
    <div className="mb-2 overflow-hidden rounded-lg border border-line" data-form-group={place}>
      <div className="flex items-center gap-1 border-b border-line bg-sunken pr-2">
        <input
          className="min-w-0 flex-1 bg-transparent px-3 py-1.5 font-medium"
          aria-label={`Title of group ${place + 1}`}
          placeholder="Group without a title"
          value={group.title}
          maxLength={100}
          onChange={(event) => onChange(withGroupChanged(form, place, { title: event.target.value }))}
        />
        <OrderButtons
          name={name}
          isFirst={place === 0}
          isLast={place === form.groups.length - 1}
          onMove={(by) => onChange(withGroupMoved(form, place, by))}
          onRemove={() => onChange(withoutGroup(form, place))}
        />
      </div>
      <input
        className="w-full border-b border-line bg-transparent px-3 py-1 text-xs text-ink-2"
        aria-label={`Help for group ${place + 1}`}
        placeholder="What the group is about, if that needs a word"
        value={group.help ?? ""}
        maxLength={1000}
        onChange={(event) => onChange(withGroupChanged(form, place, { help: event.target.value || undefined }))}
      />
      {group.fields.map((field, j) => (
        <FieldRow
          key={`${field.node}.${field.param}`}
          document={document}
          field={field}
          place={{ group: place, field: j }}
          form={form}
          onChange={onChange}
        />
      ))}
      {!group.fields.length && (
        <p className="px-3 py-2 text-xs text-ink-3">Parameters that you add now come into this group.</p>
      )}
    </div>
  );
}

interface Offered {
  group: string;
  items: { name: string; label: string }[];
}

function Offer({ label, offered, onPick }: { label: string; offered: readonly Offered[]; onPick(name: string): void }) {
  return (
    <select
      className="field w-auto"
      aria-label={label}
      value=""
      onChange={(event) => event.target.value && onPick(event.target.value)}
    >
      <option value="">{label}</option>
      {offered.map(({ group, items }) => (
        <optgroup key={group} label={group}>
          {items.map(({ name, label: text }) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

/** What is in the form already is not offered again. */
function without(offered: readonly Offered[], taken: ReadonlySet<string>): Offered[] {
  const left = offered.map(({ group, items }) => ({ group, items: items.filter(({ name }) => !taken.has(name)) }));
  return left.filter(({ items }) => items.length > 0);
}

interface Publishable {
  params: Offered[];
  outputs: Offered[];
  /** What nodes are called. */
  titles: Map<string, string>;
  /** The outputs that there are, as "node.port". */
  ports: Set<string>;
}

/** What a form can show, by node: what a graph reads before its settings, what nothing reads before other results. */
function offeredIn(document: GraphDocument): Publishable {
  const { params, outputs } = publishable(document);
  const read = params.toSorted((one, other) => Number(other.kind === "input") - Number(one.kind === "input"));
  const last = outputs.toSorted((one, other) => Number(other.isLast) - Number(one.isLast));
  return {
    params: byNode(read, ({ node, param }) => `${node}.${param}`, "label"),
    outputs: byNode(last, ({ node, port }) => `${node}.${port}`, "port"),
    titles: new Map(outputs.map(({ node, title }) => [node, title])),
    ports: new Set(outputs.map(({ node, port }) => `${node}.${port}`)),
  };
}

function byNode<T extends { node: string; title: string }>(
  offered: readonly T[],
  nameOf: (each: T) => string,
  label: keyof T,
): Offered[] {
  const groups = new Map<string, Offered>();
  for (const one of offered) {
    const group = groups.get(one.node) ?? { group: one.title, items: [] };
    group.items.push({ name: nameOf(one), label: String(one[label]) });
    groups.set(one.node, group);
  }
  return [...groups.values()];
}

function portNamed(name: string): { node: string; port: string } {
  const { node, param: port } = placeNamed(name);
  return { node, port };
}

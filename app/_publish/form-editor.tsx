"use client";

import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { publishable, valueShown } from "#nodes/graph/filled-form";
import { fieldOf, formWithin, type FormField, type PublishedForm } from "#nodes/graph/published-form";
import { placeNamed } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { Button, IconButton } from "../_ui/button";
import { NumberField } from "../_ui/number-field";
import {
  moved,
  type Place,
  withField,
  withFieldChanged,
  withGroup,
  withGroupChanged,
  withOutput,
  withoutField,
  withoutOutput,
} from "./form-edits";

interface FormEditorProps {
  document: GraphDocument;
  form: PublishedForm;
  onChange(form: PublishedForm): void;
}

/** Which parameters somebody sets who does not wire, in order and groups, and which outputs they are shown. */
export function FormEditor({ document, form, onChange }: FormEditorProps) {
  const offered = useMemo(() => offeredIn(document), [document]);
  const { form: within } = useMemo(() => formWithin(form, document, registry), [form, document]);
  return (
    <section aria-label="Form" data-form-editor>
      <h3 className="font-medium">Form</h3>
      <p className="mb-2 text-xs text-ink-3">
        The parameters that matter, for those who do not wire, and the results that they are shown.
      </p>
      {within.groups.map((group, i) => (
        <div key={i} className="mb-2 rounded-lg border border-line">
          <input
            className="w-full rounded-t-lg border-b border-line bg-sunken px-3 py-1.5 font-medium"
            aria-label={`Title of group ${i + 1}`}
            placeholder="Group without a title"
            value={group.title}
            maxLength={100}
            onChange={(event) => onChange(withGroupChanged(within, i, { title: event.target.value }))}
          />
          {group.fields.map((field, j) => (
            <FieldRow
              key={`${field.node}.${field.param}`}
              document={document}
              field={field}
              place={{ group: i, field: j }}
              form={within}
              onChange={onChange}
            />
          ))}
        </div>
      ))}
      <div className="flex flex-wrap gap-2">
        <Offer
          label="Add a parameter…"
          offered={offered.params}
          onPick={(name) => onChange(withField(within, placeNamed(name)))}
        />
        <Button size="s" disabled={!within.groups.length} onClick={() => onChange(withGroup(within))}>
          <Plus className="size-3.5" aria-hidden />
          Group
        </Button>
        <Offer
          label="Add an output…"
          offered={offered.outputs}
          onPick={(name) => onChange(withOutput(within, portNamed(name)))}
        />
      </div>
      {within.outputs.length > 0 && (
        <p className="mt-2 flex flex-wrap gap-2 text-xs">
          {within.outputs.map(({ node, port }, i) => (
            <button
              key={`${node}.${port}`}
              type="button"
              className="inline-flex items-center gap-1 rounded-full bg-sunken px-2 py-0.5 text-ink-2 hover:text-bad"
              title="Take it out"
              onClick={() => onChange(withoutOutput(within, i))}
            >
              {offered.titles.get(node) ?? node} · {port}
              <Trash2 className="size-3" aria-hidden />
            </button>
          ))}
        </p>
      )}
    </section>
  );
}

interface FieldRowProps {
  document: GraphDocument;
  field: FormField;
  place: Place;
  form: PublishedForm;
  onChange(form: PublishedForm): void;
}

function FieldRow({ document, field, place, form, onChange }: FieldRowProps) {
  const shown = fieldOf(document, { ...field, label: undefined }, registry);
  const name = shown ? `${shown.nodeTitle} · ${shown.label}` : `${field.node}.${field.param}`;
  const isNumber = shown !== undefined && typeof valueShown(document, shown) === "number";
  const change = (to: Partial<FormField>) => onChange(withFieldChanged(form, place, to));
  return (
    <div className="flex items-center gap-2 px-3 py-1.5" data-form-field={`${field.node}.${field.param}`}>
      <span className="w-56 shrink-0 truncate text-xs text-ink-3" title={name}>
        {name}
      </span>
      <input
        className="field min-w-0 flex-1"
        aria-label={`What ${name} is called`}
        placeholder={shown?.label}
        value={field.label ?? ""}
        maxLength={100}
        onChange={(event) => change({ label: event.target.value || undefined })}
      />
      {isNumber && (
        <>
          <NumberField label={`Least of ${name}`} hint="least" value={field.min} onChange={(min) => change({ min })} />
          <NumberField label={`Most of ${name}`} hint="most" value={field.max} onChange={(max) => change({ max })} />
        </>
      )}
      <IconButton label={`${name} up`} onClick={() => onChange(moved(form, place, -1))}>
        <ArrowUp className="size-3.5" aria-hidden />
      </IconButton>
      <IconButton label={`${name} down`} onClick={() => onChange(moved(form, place, 1))}>
        <ArrowDown className="size-3.5" aria-hidden />
      </IconButton>
      <IconButton label={`Take ${name} out`} onClick={() => onChange(withoutField(form, place))}>
        <Trash2 className="size-3.5" aria-hidden />
      </IconButton>
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

/** What a form can show, by node: what a graph reads before its settings, what nothing reads before other results. */
function offeredIn(document: GraphDocument): { params: Offered[]; outputs: Offered[]; titles: Map<string, string> } {
  const { params, outputs } = publishable(document);
  const read = params.toSorted((one, other) => Number(other.kind === "input") - Number(one.kind === "input"));
  const last = outputs.toSorted((one, other) => Number(other.isLast) - Number(one.isLast));
  return {
    params: byNode(read, ({ node, param }) => `${node}.${param}`, "label"),
    outputs: byNode(last, ({ node, port }) => `${node}.${port}`, "port"),
    titles: new Map(outputs.map(({ node, title }) => [node, title])),
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

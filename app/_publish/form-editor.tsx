"use client";

import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { fieldOf, formWithin, type FormField, type PublishedForm } from "#nodes/graph/published-form";
import { definitionOf } from "#nodes/graph/resolve";
import { settableAt } from "#nodes/graph/settable";
import { constantsHolder, placeNamed } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { Button, IconButton } from "../_ui/button";
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
  const params = useMemo(() => offeredParams(document), [document]);
  const outputs = useMemo(() => offeredOutputs(document), [document]);
  const { form: within } = useMemo(() => formWithin(form, document, registry), [form, document]);
  return (
    <section aria-label="Form" data-form-editor>
      <h3 className="font-medium">Form</h3>
      <p className="mb-2 text-xs text-ink-3">
        The parameters that matter, for those who do not wire: they are shown on the template's page, and make its app.
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
          offered={params}
          onPick={(name) => onChange(withField(within, placeNamed(name)))}
        />
        <Button size="s" disabled={!within.groups.length} onClick={() => onChange(withGroup(within))}>
          <Plus className="size-3.5" aria-hidden />
          Group
        </Button>
        <Offer
          label="Add an output…"
          offered={outputs}
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
              {titleOf(document, node)} · {port}
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
        onChange={(event) => onChange(withFieldChanged(form, place, { label: event.target.value || undefined }))}
      />
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

/** All that can be set, by node; constants first. */
function offeredParams(document: GraphDocument): Offered[] {
  return [constantsHolder, ...Object.keys(document.nodes)].flatMap((node) => {
    const params = Object.keys(settableAt(document, node, registry)?.params ?? {});
    const items = params.flatMap((param) => {
      const shown = fieldOf(document, { node, param }, registry);
      return shown ? [{ name: `${node}.${param}`, label: shown.label }] : [];
    });
    return items.length ? [{ group: titleOf(document, node), items }] : [];
  });
}

function offeredOutputs(document: GraphDocument): Offered[] {
  return Object.keys(document.nodes).flatMap((node) => {
    const ports = Object.keys(definitionOf(document, node, registry)?.outputs ?? {});
    const items = ports.map((port) => ({ name: `${node}.${port}`, label: port }));
    return items.length ? [{ group: titleOf(document, node), items }] : [];
  });
}

function portNamed(name: string): { node: string; port: string } {
  const { node, param: port } = placeNamed(name);
  return { node, port };
}

const titleOf = (document: GraphDocument, node: string): string =>
  document.nodes[node]?.title ?? settableAt(document, node, registry)?.title ?? node;

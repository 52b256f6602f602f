"use client";

import { Trash2 } from "lucide-react";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { publishable } from "#nodes/graph/filled-form";
import { fieldOf, type FormField, type FormLimits, type PublishedForm } from "#nodes/graph/published-form";
import { placeNamed } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { Button, IconButton } from "../_ui/button";

interface FormChoiceProps {
  document: GraphDocument;
  form: PublishedForm;
  onChange(form: PublishedForm): void;
}

/** Which parameters are fields, in groups and order, and which outputs are shown. */
export function FormChoice({ document, form, onChange }: FormChoiceProps) {
  const offered = useMemo(() => publishable(document), [document]);
  const { groups, outputs } = form;
  const taken = new Set(groups.flatMap(({ fields }) => fields.map(({ node, param }) => `${node}.${param}`)));
  const params = offered.params.filter(({ node, param }) => !taken.has(`${node}.${param}`));
  const ordered = [...params].sort((one, other) => Number(other.kind === "input") - Number(one.kind === "input"));
  function changeGroup(place: number, change: Partial<PublishedForm["groups"][number]>): void {
    const changed = groups.map((group, i) => (i === place ? { ...group, ...change } : group));
    onChange({ ...form, groups: changed.filter(({ fields, title }) => fields.length > 0 || title) });
  }
  function addField(field: FormField): void {
    const last = groups.at(-1) ?? { title: "", fields: [] };
    onChange({ ...form, groups: [...groups.slice(0, -1), { ...last, fields: [...last.fields, field] }] });
  }
  return (
    <div className="flex flex-col gap-2" data-form-choice>
      {groups.map((group, i) => (
        <fieldset key={i} className="rounded-lg border border-line p-2">
          <input
            className="field mb-1 font-medium"
            aria-label={`Title of group ${i + 1}`}
            placeholder="Group without a title"
            maxLength={100}
            value={group.title}
            onChange={(event) => changeGroup(i, { title: event.target.value })}
          />
          {group.fields.map((field, j) => (
            <FieldLine
              key={`${field.node}.${field.param}`}
              document={document}
              field={field}
              onChange={(next) =>
                changeGroup(i, { fields: group.fields.flatMap((each, k) => (k === j ? (next ?? []) : each)) })
              }
            />
          ))}
        </fieldset>
      ))}
      <div className="flex flex-wrap gap-2">
        <Offer
          label="Add a parameter…"
          items={ordered.map(({ node, param, title, label }) => [`${node}.${param}`, `${title} · ${label}`])}
          onPick={(name) => addField(placeNamed(name))}
        />
        <Button size="s" onClick={() => onChange({ ...form, groups: [...groups, { title: "More", fields: [] }] })}>
          New group
        </Button>
        <Offer
          label="Add a result…"
          items={[...offered.outputs]
            .sort((one, other) => Number(other.isLast) - Number(one.isLast))
            .map(({ node, port, title }) => [`${node}.${port}`, `${title} · ${port}`])}
          onPick={(name) => {
            const { node, param: port } = placeNamed(name);
            onChange({ ...form, outputs: [...outputs, { node, port }] });
          }}
        />
      </div>
      {outputs.map(({ node, port }, i) => (
        <p key={`${node}.${port}`} className="flex items-center gap-2 text-ink-2" data-form-output={`${node}.${port}`}>
          Shows {titleOf(offered.outputs, node)} · {port}
          <IconButton
            label={`Do not show ${node}.${port}`}
            onClick={() => onChange({ ...form, outputs: outputs.filter((_, place) => place !== i) })}
          >
            <Trash2 className="size-3.5" aria-hidden />
          </IconButton>
        </p>
      ))}
    </div>
  );
}

const titleOf = (offered: readonly { node: string; title: string }[], node: string): string =>
  offered.find((each) => each.node === node)?.title ?? node;

interface FieldLineProps {
  document: GraphDocument;
  field: FormField;
  /** Without a field it is taken out. */
  onChange(field?: FormField): void;
}

function FieldLine({ document, field, onChange }: FieldLineProps) {
  const shown = fieldOf(document, { node: field.node, param: field.param }, registry);
  const name = shown ? `${shown.nodeTitle} · ${shown.label}` : `${field.node}.${field.param}`;
  const isNumber = typeof (shown?.value ?? shown?.schema.safeParse(undefined).data) === "number";
  return (
    <div className="flex items-center gap-2 py-0.5" data-form-field={`${field.node}.${field.param}`}>
      <span className="w-44 shrink-0 truncate text-xs text-ink-3" title={name}>
        {name}
      </span>
      <input
        className="field min-w-0 flex-1"
        aria-label={`What ${name} is called`}
        placeholder={shown?.label}
        maxLength={100}
        value={field.label ?? ""}
        onChange={(event) => onChange({ ...field, label: event.target.value || undefined })}
      />
      {isNumber && (
        <>
          <NumberField
            label={`Least of ${name}`}
            hint="least"
            value={field.min}
            onChange={(min) => onChange({ ...field, min })}
          />
          <NumberField
            label={`Most of ${name}`}
            hint="most"
            value={field.max}
            onChange={(max) => onChange({ ...field, max })}
          />
        </>
      )}
      <IconButton label={`Take ${name} out`} onClick={() => onChange()}>
        <Trash2 className="size-3.5" aria-hidden />
      </IconButton>
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  hint: string;
  value: number | undefined;
  onChange(value: number | undefined): void;
}

function NumberField({ label, hint, value, onChange }: NumberFieldProps) {
  return (
    <input
      type="number"
      className="field w-20 shrink-0"
      aria-label={label}
      placeholder={hint}
      value={value ?? ""}
      onChange={({ target }) => onChange(target.value === "" ? undefined : target.valueAsNumber)}
    />
  );
}

const limitLabels: { [L in keyof Required<FormLimits>]: string } = {
  minutes: "Minutes",
  rows: "Rows",
  steps: "Steps of a training",
};

/** What a run may take at most; nothing typed is no limit. */
export function LimitFields({ limits = {}, onChange }: { limits?: FormLimits; onChange(limits: FormLimits): void }) {
  return (
    <div className="flex flex-wrap items-center gap-3 text-xs text-ink-2">
      At most
      {(Object.entries(limitLabels) as [keyof FormLimits, string][]).map(([name, label]) => (
        <span key={name} className="flex items-center gap-1.5">
          <NumberField
            label={label}
            hint="any"
            value={limits[name]}
            onChange={(value) => onChange({ ...limits, [name]: value })}
          />
          {label.toLowerCase()}
        </span>
      ))}
    </div>
  );
}

interface OfferProps {
  label: string;
  items: [name: string, text: string][];
  onPick(name: string): void;
}

function Offer({ label, items, onPick }: OfferProps) {
  return (
    <select
      className="field w-auto max-w-56"
      aria-label={label}
      value=""
      onChange={(event) => event.target.value && onPick(event.target.value)}
    >
      <option value="">{label}</option>
      {items.map(([name, text]) => (
        <option key={name} value={name}>
          {text}
        </option>
      ))}
    </select>
  );
}

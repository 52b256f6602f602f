"use client";

import { SlidersHorizontal } from "lucide-react";
import { useId, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { valueShown } from "#nodes/graph/filled-form";
import { fieldOf, type FormField, type PublishedForm } from "#nodes/graph/published-form";
import { registry } from "#nodes/registry.gen";
import { IconButton } from "../_ui/button";
import { NumberField } from "../_ui/number-field";
import { CalledField } from "./called-field";
import { ChoicesEditor } from "./choices-editor";
import { moved, type Place, withFieldChanged, withoutField } from "./form-edits";
import { OrderButtons } from "./order-buttons";

interface FieldRowProps {
  document: GraphDocument;
  field: FormField;
  place: Place;
  form: PublishedForm;
  onChange(form: PublishedForm): void;
}

/** A parameter of a form: what it is called, within which bounds; behind a button its help and its choices. */
export function FieldRow({ document, field, place, form, onChange }: FieldRowProps) {
  const details = useId();
  const [isOpen, setOpen] = useState(Boolean(field.help || field.choices));
  const shown = fieldOf(document, { ...field, label: undefined }, registry);
  const name = shown ? `${shown.nodeTitle} · ${shown.label}` : `${field.node}.${field.param}`;
  const value = shown && valueShown(document, shown);
  const change = (to: Partial<FormField>) => onChange(withFieldChanged(form, place, to));
  return (
    <div className="px-3 py-1.5" data-form-field={`${field.node}.${field.param}`}>
      <div className="flex items-center gap-2">
        <CalledField
          name={name}
          isThere={shown !== undefined}
          placeholder={shown?.label}
          value={field.label}
          onChange={(label) => change({ label })}
        />
        {typeof value === "number" && !field.choices && (
          <>
            <NumberField
              label={`Least of ${name}`}
              hint="least"
              value={field.min}
              onChange={(min) => change({ min })}
            />
            <NumberField label={`Most of ${name}`} hint="most" value={field.max} onChange={(max) => change({ max })} />
          </>
        )}
        {shown && (
          <IconButton
            label={`Help and choices of ${name}`}
            className={`!size-7 ${field.help || field.choices ? "text-accent" : ""}`}
            aria-expanded={isOpen}
            aria-controls={details}
            onClick={() => setOpen(!isOpen)}
          >
            <SlidersHorizontal className="size-3.5" aria-hidden />
          </IconButton>
        )}
        <OrderButtons
          name={name}
          onMove={(by) => onChange(moved(form, place, by))}
          onRemove={() => onChange(withoutField(form, place))}
        />
      </div>
      {isOpen && shown && (
        <div id={details} className="mt-1.5 mb-1 flex flex-col gap-2 border-l-2 border-line pl-3">
          <input
            className="field"
            aria-label={`Help for ${name}`}
            placeholder="Help: what it does, and what is a good value"
            value={field.help ?? ""}
            maxLength={500}
            onChange={(event) => change({ help: event.target.value || undefined })}
          />
          <ChoicesEditor
            name={name}
            schema={shown.schema}
            param={field.param}
            value={value}
            choices={field.choices}
            // Bounds of a list of values say nothing.
            onChange={(choices) => change(choices ? { choices, min: undefined, max: undefined } : { choices })}
          />
        </div>
      )}
    </div>
  );
}

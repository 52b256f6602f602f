"use client";

import type { NodeDefinition } from "#nodes/core/node";
import type { Assignment } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { widgets } from "../_editor/widgets";
import { ChoiceField } from "./choice-field";
import type { AppField, ShownApp } from "./shown-app";

interface AppFormProps {
  app: ShownApp;
  /** What was changed, by "node.param". */
  values: Assignment;
  /** The place of the field that is wrong. */
  wrong?: string;
  onChange(values: Assignment): void;
}

/** The fields in their groups, by the widgets of the inspector; those alone that mean something as others are. */
export function AppForm({ app, values, wrong, onChange }: AppFormProps) {
  const valueAt = (place: string) => values[place] ?? initial(app, place);
  const isMeant = ({ node, field: { when = {} } }: AppField) =>
    Object.entries(when).every(([param, allowed]) => allowed.includes(String(valueAt(`${node}.${param}`))));
  function change(place: string, value: Assignment[string] | undefined): void {
    const { [place]: _, ...rest } = values;
    onChange(value === undefined ? rest : { ...rest, [place]: value });
  }
  return app.groups.map(({ title, help, fields }, i) => (
    <fieldset key={`${i} ${title}`} className="mt-5 rounded-xl border border-line bg-surface p-4">
      {title && <legend className="float-left w-full font-semibold">{title}</legend>}
      {help && <p className="clear-both mb-1 text-ink-2">{help}</p>}
      {fields.filter(isMeant).map((each) => (
        <OneField
          key={each.place}
          shown={each}
          value={valueAt(each.place)}
          isWrong={wrong === each.place}
          onChange={(value) => change(each.place, value)}
        />
      ))}
    </fieldset>
  ));
}

function initial({ groups, others }: ShownApp, place: string): Assignment[string] | undefined {
  const found = groups.flatMap(({ fields }) => fields).find((field) => field.place === place);
  return found ? found.value : others[place];
}

interface OneFieldProps {
  shown: AppField;
  value: Assignment[string] | undefined;
  isWrong: boolean;
  onChange(value: Assignment[string] | undefined): void;
}

function OneField({ shown: { place, type, field, help, choices }, value, isWrong, onChange }: OneFieldProps) {
  const Widget = widgets[field.widget];
  const definition = type === undefined ? undefined : (registry as Readonly<Record<string, NodeDefinition>>)[type];
  const text = help ?? field.description;
  return (
    <div className={`clear-both py-2 ${isWrong ? "rounded-md bg-bad-soft px-2" : ""}`} data-field={place}>
      <label htmlFor={place} className="mb-1 block font-medium text-ink-2">
        {field.label}
        {field.unit && <span className="ml-1 font-normal text-ink-3">{field.unit}</span>}
      </label>
      {choices ? (
        <ChoiceField id={place} choices={choices} value={value} onChange={onChange} />
      ) : (
        <Widget
          id={place}
          field={{ ...field, inspect: definition?.inspect?.[field.name] }}
          value={value ?? field.fallback}
          onChange={onChange}
        />
      )}
      {text && <p className="mt-1 text-xs text-ink-3">{text}</p>}
    </div>
  );
}

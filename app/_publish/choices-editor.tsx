"use client";

import { useState } from "react";
import type * as z from "zod";
import type { FormChoice } from "#nodes/graph/published-form";
import { type Field, fieldsIn } from "../_editor/widgets/describe";
import { Button } from "../_ui/button";
import { Checkbox } from "../_ui/checkbox";
import { shifted } from "./form-edits";
import { OrderButtons } from "./order-buttons";

type Value = FormChoice["value"];

interface ChoicesEditorProps {
  /** Of the parameter, as it is read. */
  name: string;
  param: string;
  schema: z.ZodType;
  /** What the version has. */
  value: Value | undefined;
  choices: readonly FormChoice[] | undefined;
  onChange(choices: FormChoice[] | undefined): void;
}

/** The only values that are offered for a parameter, by names and in an order of the publisher's. */
export function ChoicesEditor({ name, param, schema, value, choices, onChange }: ChoicesEditorProps) {
  const [field] = fieldsIn({ [param]: schema });
  const kind = field && kindOf(field);
  if (!field || !kind) return null;
  const options: Value[] = [...field.options];
  const first = value ?? (kind === "number" ? 0 : "");
  const begun = (options.length ? options : [first]).map((each) => ({ value: each }));
  const set = (to: FormChoice[]) => onChange(to.length ? to : undefined);
  return (
    <div data-choices={param}>
      <Checkbox
        label="Offer only some values"
        checked={choices !== undefined}
        onChange={(isOn) => onChange(isOn ? begun : undefined)}
      />
      {choices && (
        <>
          <ul className="mt-1.5 flex flex-col gap-1">
            {choices.map((choice, i) => (
              <li key={JSON.stringify(choice.value)} className="flex items-center gap-2">
                <code className="w-32 shrink-0 truncate text-xs" title={textOf(choice.value)}>
                  {textOf(choice.value)}
                </code>
                <input
                  className="field min-w-0 flex-1"
                  aria-label={`What ${textOf(choice.value)} of ${name} is called`}
                  placeholder="shown as it is"
                  value={choice.label ?? ""}
                  maxLength={100}
                  onChange={(event) => set(choices.with(i, named(choice, event.target.value)))}
                />
                <OrderButtons
                  name={textOf(choice.value)}
                  isFirst={i === 0}
                  isLast={i === choices.length - 1}
                  onMove={(by) => set(shifted(choices, i, by))}
                  onRemove={() => set(choices.filter((_, j) => j !== i))}
                />
              </li>
            ))}
          </ul>
          <Another
            name={name}
            kind={kind}
            options={options.filter((option) => !isIn(choices, option))}
            isFine={(added) => schema.safeParse(added).success && !isIn(choices, added)}
            onAdd={(added) => set([...choices, { value: added }])}
          />
        </>
      )}
    </div>
  );
}

const named = ({ value }: FormChoice, label: string): FormChoice => (label ? { value, label } : { value });
const isIn = (choices: readonly FormChoice[], value: Value): boolean =>
  choices.some((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
const textOf = (value: Value): string => (value === "" ? "(empty)" : String(value));

/** Values of other widgets, such as files and tables, are no choices. */
function kindOf({ widget }: Field): "option" | "number" | "text" | undefined {
  if (widget === "select") return "option";
  if (widget === "number" || widget === "slider" || widget === "seed") return "number";
  return widget === "text" || widget === "textarea" ? "text" : undefined;
}

interface AnotherProps {
  name: string;
  kind: "option" | "number" | "text";
  /** That are not offered yet. */
  options: readonly Value[];
  isFine(value: Value): boolean;
  onAdd(value: Value): void;
}

/** One more value: of a list one of those that are left, else typed. */
function Another({ name, kind, options, isFine, onAdd }: AnotherProps) {
  const [text, setText] = useState("");
  if (kind === "option" && !options.length) return null;
  const value: Value = kind === "number" ? (text.trim() ? Number(text) : Number.NaN) : text;
  const canAdd = text !== "" && !Number.isNaN(value) && isFine(value);
  function add(): void {
    onAdd(value);
    setText("");
  }
  const shared = { className: "field w-32", "aria-label": `Another value of ${name}`, value: text };
  return (
    <div className="mt-1.5 flex items-center gap-2">
      {kind === "option" ? (
        <select {...shared} onChange={(event) => setText(event.target.value)}>
          <option value="">another…</option>
          {options.map((option) => (
            <option key={String(option)}>{String(option)}</option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          inputMode={kind === "number" ? "decimal" : undefined}
          placeholder="another…"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && canAdd && add()}
        />
      )}
      <Button size="s" disabled={!canAdd} onClick={add}>
        Add
      </Button>
      {text !== "" && !canAdd && (
        <span className="text-xs text-ink-3">It is there, or not what the parameter takes.</span>
      )}
    </div>
  );
}

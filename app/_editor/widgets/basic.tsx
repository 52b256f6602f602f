"use client";

import { Switch } from "radix-ui";
import { cx } from "../../_ui/cx";
import { Pills } from "../../_ui/pills";
import type { WidgetProps } from "./widget-props";

export function TextWidget({ id, field, value, onChange, disabled }: WidgetProps) {
  return (
    <input
      id={id}
      className="field"
      value={String(value ?? "")}
      placeholder={field.placeholder}
      maxLength={field.maxLength}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

export function TextAreaWidget({ id, field, value, onChange, disabled }: WidgetProps) {
  const text = String(value ?? "");
  return (
    <textarea
      id={id}
      className="field min-h-16 resize-y font-mono text-xs"
      rows={Math.min(10, Math.max(3, text.split("\n").length))}
      value={text}
      placeholder={field.placeholder}
      maxLength={field.maxLength}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** Texts, one on a line. */
export function ListWidget({ id, value, onChange, disabled }: WidgetProps) {
  return (
    <textarea
      id={id}
      className="field resize-y"
      rows={3}
      value={textsIn(value).join("\n")}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value.split("\n"))}
    />
  );
}

export function SelectWidget({ id, field, value, onChange, disabled }: WidgetProps) {
  return (
    <select
      id={id}
      className="field"
      value={String(value)}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    >
      {field.options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

export function MultiSelectWidget({ field, value, onChange, disabled }: WidgetProps) {
  return <Pills options={field.options} chosen={textsIn(value)} disabled={disabled} onChange={onChange} />;
}

export function ToggleWidget({ id, value, onChange, disabled }: WidgetProps) {
  return (
    <Switch.Root
      id={id}
      checked={Boolean(value)}
      disabled={disabled}
      onCheckedChange={onChange}
      className="relative h-5 w-9 rounded-full bg-line-strong transition data-[state=checked]:bg-accent"
    >
      <Switch.Thumb
        className={cx(
          "block size-4 translate-x-0.5 rounded-full bg-white shadow transition",
          "data-[state=checked]:translate-x-[18px]",
        )}
      />
    </Switch.Root>
  );
}

export function ColorWidget({ id, value, onChange, disabled }: WidgetProps) {
  return (
    <div className="flex items-center gap-2">
      <input
        id={id}
        type="color"
        className="size-7 rounded border border-line-strong bg-surface"
        value={String(value)}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
      />
      <code className="text-xs text-ink-2">{String(value)}</code>
    </div>
  );
}

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value : []);

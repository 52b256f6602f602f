"use client";

import { Dices, Minus, Plus } from "lucide-react";
import { Slider as RadixSlider, Switch } from "radix-ui";
import { useEffect, useState } from "react";
import { IconButton } from "../../_ui/button";
import type { WidgetProps } from "./index";

/** Text that becomes a value when it is one; while it is not, what was typed stays and nothing changes. */
export function NumberWidget({ id, field, value, onChange, disabled }: WidgetProps) {
  const [text, setText] = useState(String(value ?? ""));
  useEffect(() => setText((now) => (Number(now) === value ? now : String(value ?? ""))), [value]);
  const parse = (t: string): number | undefined => {
    const n = Number(t);
    return t.trim() !== "" &&
      Number.isFinite(n) &&
      (!field.integer || Number.isInteger(n)) &&
      n >= (field.min ?? n) &&
      n <= (field.max ?? n)
      ? n
      : undefined;
  };
  const isEmpty = field.optional && text.trim() === "";
  const wrong = !isEmpty && parse(text) === undefined;
  const type = (t: string) => {
    setText(t);
    const n = parse(t);
    if (n !== undefined || (field.optional && t.trim() === "")) onChange(n);
  };
  const step = (by: number) => {
    const now = Number(value ?? 0);
    const size = field.integer ? 1 : 10 ** Math.floor(Math.log10(Math.abs(now) || 1)) / 10;
    type(String(Number((now + by * size).toPrecision(12))));
  };
  return (
    <div className="field flex items-stretch overflow-hidden p-0" aria-invalid={wrong}>
      <input
        id={id}
        className="w-16 min-w-0 flex-1 bg-transparent px-2 py-1 tabular-nums outline-none"
        inputMode="decimal"
        value={text}
        placeholder={field.placeholder}
        disabled={disabled}
        aria-invalid={wrong}
        aria-label={field.label}
        onChange={(e) => type(e.target.value)}
        onBlur={() => wrong && setText(String(value ?? ""))}
        onKeyDown={(e) => {
          if (e.key === "ArrowUp" || e.key === "ArrowDown") {
            e.preventDefault();
            step((e.key === "ArrowUp" ? 1 : -1) * (e.shiftKey ? 10 : 1));
          }
        }}
      />
      {field.unit && <span className="self-center pr-2 text-xs text-ink-3">{field.unit}</span>}
      {(
        [
          [-1, Minus, "Less"],
          [1, Plus, "More"],
        ] as const
      ).map(([by, Icon, label]) => (
        <button
          key={by}
          type="button"
          tabIndex={-1}
          aria-label={label}
          disabled={disabled}
          onClick={() => step(by)}
          className="flex w-6.5 shrink-0 items-center justify-center border-l border-line text-ink-3 group-[.cells]:hidden hover:bg-sunken hover:text-ink disabled:pointer-events-none"
        >
          <Icon className="size-3.5" aria-hidden />
        </button>
      ))}
    </div>
  );
}

export function SliderWidget({ id, field, value, onChange, disabled }: WidgetProps) {
  const { min = 0, max = 1 } = field;
  return (
    <div className="flex items-center gap-3">
      <RadixSlider.Root
        className="relative flex h-5 min-w-0 flex-1 touch-none items-center"
        min={min}
        max={max}
        step={field.integer ? 1 : (max - min) / 100}
        value={[Number(value)]}
        disabled={disabled}
        onValueChange={([v]) => onChange(Number((v ?? 0).toPrecision(6)))}
      >
        <RadixSlider.Track className="relative h-1 flex-1 rounded-full bg-line-strong">
          <RadixSlider.Range className="absolute h-full rounded-full bg-accent" />
        </RadixSlider.Track>
        <RadixSlider.Thumb
          aria-label={field.label}
          className="block size-4 rounded-full border-2 border-accent bg-surface shadow"
        />
      </RadixSlider.Root>
      <div className="w-28">
        <NumberWidget {...{ id, field, value, onChange, disabled }} />
      </div>
    </div>
  );
}

export function TextWidget({ id, field, value, onChange, disabled }: WidgetProps) {
  return (
    <input
      id={id}
      className="field"
      value={String(value ?? "")}
      placeholder={field.placeholder}
      maxLength={field.maxLength}
      disabled={disabled}
      onChange={(e) => onChange(e.target.value)}
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
      onChange={(e) => onChange(e.target.value)}
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
      onChange={(e) => onChange(e.target.value)}
    >
      {field.options.map((o) => (
        <option key={o}>{o}</option>
      ))}
    </select>
  );
}

export function MultiSelectWidget({ field, value, onChange, disabled }: WidgetProps) {
  const chosen = Array.isArray(value) ? (value as string[]) : [];
  return (
    <div className="flex flex-wrap gap-1.5">
      {field.options.map((o) => {
        const on = chosen.includes(o);
        return (
          <button
            key={o}
            type="button"
            aria-pressed={on}
            disabled={disabled}
            onClick={() => onChange(field.options.filter((x) => (x === o ? !on : chosen.includes(x))) as string[])}
            className={`rounded-full border px-2.5 py-0.5 text-xs ${on ? "border-accent bg-accent-soft text-accent" : "border-line-strong text-ink-2 hover:bg-sunken"}`}
          >
            {o}
          </button>
        );
      })}
    </div>
  );
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
      <Switch.Thumb className="block size-4 translate-x-0.5 rounded-full bg-white shadow transition data-[state=checked]:translate-x-[18px]" />
    </Switch.Root>
  );
}

export function SeedWidget(props: WidgetProps) {
  return (
    <div className="flex items-center gap-1">
      <div className="min-w-0 flex-1">
        <NumberWidget {...props} />
      </div>
      <IconButton
        label="Another seed"
        disabled={props.disabled}
        onClick={() => props.onChange(Math.floor(Math.random() * 1e6))}
      >
        <Dices className="size-4" aria-hidden />
      </IconButton>
    </div>
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
        onChange={(e) => onChange(e.target.value)}
      />
      <code className="text-xs text-ink-2">{String(value)}</code>
    </div>
  );
}

export function ListWidget({ id, value, onChange, disabled }: WidgetProps) {
  const list = Array.isArray(value) ? (value as string[]) : [];
  return (
    <textarea
      id={id}
      className="field resize-y"
      rows={3}
      value={list.join("\n")}
      disabled={disabled}
      onChange={(e) => onChange(e.target.value.split("\n"))}
    />
  );
}

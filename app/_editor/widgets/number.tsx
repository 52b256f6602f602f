"use client";

import { Dices, type LucideIcon, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useEffect, useState } from "react";
import { IconButton } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import type { Field } from "./describe";
import type { WidgetProps } from "./widget-props";

/** Text that becomes a value when it is one; while it is not, what was typed stays and nothing changes. */
export function NumberWidget(props: WidgetProps) {
  const { id, field, disabled } = props;
  const number = useNumberText(props);
  const stepOnArrow = (event: KeyboardEvent) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    number.step((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
  };
  return (
    <div className="field flex items-stretch overflow-hidden p-0" aria-invalid={number.isWrong}>
      <input
        id={id}
        className="w-16 min-w-0 flex-1 bg-transparent px-2 py-1 tabular-nums outline-none"
        inputMode="decimal"
        value={number.text}
        placeholder={field.placeholder}
        disabled={disabled}
        aria-invalid={number.isWrong}
        aria-label={field.label}
        onChange={(event) => number.type(event.target.value)}
        onBlur={number.leave}
        onKeyDown={stepOnArrow}
      />
      {field.unit && <span className="self-center pr-2 text-xs text-ink-3">{field.unit}</span>}
      <StepButton label="Less" icon={Minus} disabled={disabled} onClick={() => number.step(-1)} />
      <StepButton label="More" icon={Plus} disabled={disabled} onClick={() => number.step(1)} />
    </div>
  );
}

export function SliderWidget(props: WidgetProps) {
  const { field, value, onChange, disabled } = props;
  const { min = 0, max = 1 } = field;
  return (
    <div className="flex items-center gap-3">
      <input
        type="range"
        className="h-5 min-w-0 flex-1 accent-accent"
        aria-label={field.label}
        min={min}
        max={max}
        step={field.integer ? 1 : (max - min) / 100}
        value={Number(value)}
        disabled={disabled}
        onChange={(event) => onChange(Number(event.target.valueAsNumber.toPrecision(6)))}
      />
      <div className="w-28">
        <NumberWidget {...props} />
      </div>
    </div>
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

/** What stands in a number's field, which may be no number yet, beside the value it last was. */
function useNumberText({ field, value, onChange }: WidgetProps) {
  const written = String(value ?? "");
  const [text, setText] = useState(written);
  useEffect(() => setText((now) => (Number(now) === value ? now : String(value ?? ""))), [value]);
  const isEmpty = field.optional && text.trim() === "";
  const isWrong = !isEmpty && numberIn(field, text) === undefined;
  const type = (typed: string) => {
    setText(typed);
    const number = numberIn(field, typed);
    if (number !== undefined || (field.optional && typed.trim() === "")) onChange(number);
  };
  const step = (by: number) => {
    const now = Number(value ?? 0);
    // A tenth of the number's own size: 0.0003 goes on to 0.00031.
    const size = field.integer ? 1 : 10 ** Math.floor(Math.log10(Math.abs(now) || 1)) / 10;
    type(String(Number((now + by * size).toPrecision(12))));
  };
  const leave = () => {
    if (isWrong) setText(written);
  };
  return { text, isWrong, type, step, leave };
}

/** The number that a text writes, when the field takes it. */
function numberIn({ integer, min, max }: Field, text: string): number | undefined {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) return undefined;
  if (integer && !Number.isInteger(number)) return undefined;
  return number >= (min ?? number) && number <= (max ?? number) ? number : undefined;
}

function StepButton({
  label,
  icon: Icon,
  disabled,
  onClick,
}: {
  label: string;
  icon: LucideIcon;
  disabled?: boolean;
  onClick(): void;
}) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
      className={cx(
        "flex w-6.5 shrink-0 items-center justify-center border-l border-line text-ink-3 group-[.cells]:hidden",
        "hover:bg-sunken hover:text-ink disabled:pointer-events-none",
      )}
    >
      <Icon className="size-3.5" aria-hidden />
    </button>
  );
}

"use client";

import { cx } from "./cx";

/** Options of which any number may be on. What is chosen keeps the order of the options. */
export function Pills<T extends string | boolean>({
  options,
  chosen,
  textOf = String,
  disabled,
  onChange,
}: {
  options: readonly T[];
  chosen: readonly T[];
  textOf?(option: T): string;
  disabled?: boolean;
  onChange(chosen: T[]): void;
}) {
  const isOn = (option: T) => chosen.includes(option);
  return (
    <div className="flex flex-wrap gap-1.5">
      {options.map((option) => (
        <button
          key={String(option)}
          type="button"
          aria-pressed={isOn(option)}
          disabled={disabled}
          onClick={() => onChange(options.filter((other) => isOn(other) !== (other === option)))}
          className={cx(
            "rounded-full border px-2.5 py-0.5 text-xs",
            isOn(option) ? "border-accent bg-accent-soft text-accent" : "border-line-strong text-ink-2 hover:bg-sunken",
          )}
        >
          {textOf(option)}
        </button>
      ))}
    </div>
  );
}

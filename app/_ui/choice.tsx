"use client";

import { cx } from "./cx";

/** A few options side by side, one of which is on. */
export function Choice<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: Readonly<Record<NoInfer<T>, string>>;
  value: T;
  onChange(value: NoInfer<T>): void;
}) {
  return (
    <div
      role="radiogroup"
      aria-label={label}
      className="inline-flex shrink-0 rounded-md border border-line-strong bg-sunken p-0.5"
    >
      {(Object.entries(options) as [T, string][]).map(([option, text]) => (
        <button
          key={option}
          type="button"
          role="radio"
          aria-checked={value === option}
          onClick={() => onChange(option)}
          className={cx(
            "rounded px-2 py-0.5 text-xs font-medium whitespace-nowrap",
            value === option ? "bg-surface text-ink shadow-sm" : "text-ink-2 hover:text-ink",
          )}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

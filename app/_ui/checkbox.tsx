"use client";

/** A box with a word beside it, for a choice among others in a line. */
export function Checkbox({
  label,
  checked,
  disabled = false,
  className = "",
  onChange,
}: {
  label: string;
  checked: boolean;
  disabled?: boolean;
  className?: string;
  onChange(checked: boolean): void;
}) {
  return (
    <label className={`flex items-center gap-1.5 text-xs text-ink-2 ${disabled ? "opacity-45" : ""} ${className}`}>
      <input
        type="checkbox"
        className="accent-[var(--accent)]"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}

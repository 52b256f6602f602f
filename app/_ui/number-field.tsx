interface NumberFieldProps {
  label: string;
  hint: string;
  value: number | undefined;
  onChange(value: number | undefined): void;
}

/** A number that may be left out. */
export function NumberField({ label, hint, value, onChange }: NumberFieldProps) {
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

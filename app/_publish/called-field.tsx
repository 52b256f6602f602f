interface CalledFieldProps {
  /** What it is, of the graph. */
  name: string;
  isThere: boolean;
  placeholder?: string;
  value?: string;
  onChange(value: string | undefined): void;
}

/** Something of a version, and what a form calls it; nothing leaves its own name. */
export function CalledField({ name, isThere, placeholder, value = "", onChange }: CalledFieldProps) {
  return (
    <>
      <span className={`w-44 shrink-0 truncate text-xs ${isThere ? "text-ink-3" : "text-bad"}`} title={name}>
        {name}
        {!isThere && ": not in this version"}
      </span>
      <input
        className="field min-w-0 flex-1"
        aria-label={`What ${name} is called`}
        placeholder={placeholder}
        value={value}
        maxLength={100}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
    </>
  );
}

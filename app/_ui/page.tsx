import { Search } from "lucide-react";
import type { ReactNode } from "react";

/** Something went wrong while a page asked for its content. */
export function Complaint({ children }: { children: ReactNode }) {
  return (
    <p className="mb-4 rounded-lg border border-line bg-bad-soft p-3 wrap-anywhere text-bad" role="alert">
      {children}
    </p>
  );
}

export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange(text: string): void;
}) {
  return (
    <label className="relative w-64">
      <Search
        className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-3"
        aria-hidden
      />
      <input
        className="field pl-8"
        placeholder={label}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from "react";

/** A field of a form with its name above it. */
export function Field({ label, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string }) {
  return (
    <label className="block text-xs font-medium text-ink-2">
      {label}
      <input className="field mt-1 font-normal" {...rest} />
    </label>
  );
}

/** A choice from a short list. */
export function Select({
  label,
  children,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & { label: string; children: ReactNode }) {
  return (
    <select className="field w-auto" aria-label={label} {...rest}>
      {children}
    </select>
  );
}

/** A line of a list: what it is, and what can be done with it at its end. */
export function Line({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2 last:border-0">
      <div className="min-w-0 flex-1 wrap-anywhere">{children}</div>
      {actions}
    </li>
  );
}

/** What a form's fields say, by their names. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

import type { FormHTMLAttributes, InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from "react";

interface Named {
  label: string;
}

/** A field of a form with its name above it. */
export const Field = ({ label, ...rest }: InputHTMLAttributes<HTMLInputElement> & Named) => (
  <Labelled label={label}>
    <input className={fieldLook} {...rest} />
  </Labelled>
);

/** A choice of a form, with its name above it. */
export const SelectField = ({ label, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & Named) => (
  <Labelled label={label}>
    <select className={fieldLook} {...rest} />
  </Labelled>
);

const fieldLook = "field mt-1 h-8 font-normal";

function Labelled({ label, children }: Named & { children: ReactNode }) {
  return (
    <label className="block text-xs font-medium text-ink-2">
      {label}
      {children}
    </label>
  );
}

/** The fields of a form beside each other, and its button in line with them; below each other where room is short. */
export function FieldRow({ children, ...rest }: FormHTMLAttributes<HTMLFormElement>) {
  return (
    <form className="flex flex-wrap items-end gap-3 not-first:mt-4 [&>label]:min-w-40 [&>label]:flex-1" {...rest}>
      {children}
    </form>
  );
}

/** A choice from a short list. */
export function Select({
  label,
  children,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & { label: string; children: ReactNode }) {
  return (
    <select className="field h-8 w-auto" aria-label={label} {...rest}>
      {children}
    </select>
  );
}

interface LineProps {
  children: ReactNode;
  /** More of it, below. */
  facts?: ReactNode;
  /** What can be done with it, at its end. */
  actions?: ReactNode;
}

/** A line of a list: what it is, and what can be done with it. */
export function Line({ children, facts, actions }: LineProps) {
  return (
    <li className="flex flex-wrap items-center gap-3 border-b border-line py-2.5 first:pt-0 last:border-0 last:pb-0">
      <div className="min-w-48 flex-1 wrap-anywhere">
        <div className="font-medium">{children}</div>
        {facts && <div className="text-xs text-ink-3">{facts}</div>}
      </div>
      {actions}
    </li>
  );
}

/** There is nothing in a list yet. */
export function Nothing({ children }: { children: ReactNode }) {
  return <p className="text-ink-3">{children}</p>;
}

/** What a form's fields say, by their names. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

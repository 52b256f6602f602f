import { useState } from "react";
import { cx } from "../../_ui/cx";

interface CommitFieldProps {
  label: string;
  value: string;
  disabled?: boolean;
  className?: string;
  onCommit(value: string): void;
}

/** A name that is written when it is whole: with Enter, or when the field is left. Escape takes back what was typed. */
export function CommitField({ label, value, disabled, className = "", onCommit }: CommitFieldProps) {
  const [typed, setTyped] = useState<string>();
  const commit = () => {
    if (typed !== undefined && typed !== value) onCommit(typed);
    setTyped(undefined);
  };
  return (
    <input
      aria-label={label}
      className={cx(
        "rounded-md border border-transparent bg-transparent px-2 py-0.5",
        "hover:border-line focus:border-line-strong",
        className,
      )}
      value={typed ?? value}
      maxLength={100}
      disabled={disabled}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(undefined);
      }}
    />
  );
}

import type { ButtonHTMLAttributes } from "react";
import { cx } from "./cx";

const looks = {
  primary: "bg-accent text-accent-ink border-transparent hover:brightness-110",
  plain: "bg-surface text-ink border-line-strong hover:bg-sunken",
  quiet: "bg-transparent text-ink-2 border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-bad border-line-strong hover:bg-bad-soft",
};

export function Button({
  look = "plain",
  size = "m",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: keyof typeof looks; size?: "s" | "m" }) {
  const measure = size === "s" ? "h-7 px-2 text-xs" : "h-8 px-3 text-sm";
  return (
    <button
      type="button"
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap",
        "transition disabled:pointer-events-none disabled:opacity-45",
        measure,
        looks[look],
        className,
      )}
      {...rest}
    />
  );
}

export function IconButton({
  label,
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-2",
        "transition hover:bg-sunken hover:text-ink disabled:pointer-events-none disabled:opacity-40",
        className,
      )}
      {...rest}
    />
  );
}

import { Info } from "lucide-react";
import { cx } from "../_ui/cx";

/** What a node does with its parameters as they are; nothing is wrong with it. */
export function Notice({ text, className }: { text: string; className?: string }) {
  return (
    <p className={cx("flex gap-1.5 text-2xs leading-snug text-ink-2", className)} data-notice>
      <Info className="mt-px size-3.5 shrink-0 text-ink-3" aria-hidden />
      <span className="min-w-0 wrap-anywhere">{text}</span>
    </p>
  );
}

import type { ReactNode } from "react";

interface LeavingRowProps {
  /** How much there is, such as “2 paths”. */
  what: string;
  remark: string;
  examples: readonly string[];
  /** Whether it leaves; shown where there is something. */
  children?: ReactNode;
}

/** One kind of what leaves with a graph that is given away, with some of it. */
export function LeavingRow({ what, remark, examples, children }: LeavingRowProps) {
  return (
    <li className="flex items-start gap-3 px-3 py-2">
      <div className="min-w-0 flex-1">
        <span className="font-medium">{what}</span>
        <span className="ml-2 text-ink-3">{remark}</span>
        {examples.length > 0 && (
          <p className="truncate font-mono text-[11px] text-ink-2" title={examples.join("\n")}>
            {examples.slice(0, 4).join(", ")}
          </p>
        )}
      </div>
      {examples.length > 0 && children}
    </li>
  );
}

import type { ReactNode } from "react";
import type { UploadedFile } from "#nodes/graph/leaving";
import { size } from "./amounts";
import { Checkbox } from "./checkbox";

/** A file as it is listed: by all of its names, and how large it is where that is known. */
export function fileText({ name, names, bytes }: Pick<UploadedFile, "name" | "names" | "bytes">): string {
  const called = names.join(", ") || name;
  return bytes === undefined ? called : `${called} (${size(bytes)})`;
}

interface LeavingRowProps {
  /** How much there is, such as “2 paths”. */
  what: string;
  remark: string;
  /** All of it: nothing leaves that is not listed. */
  examples: readonly string[];
  /** Whether it stays here, and is listed struck through. */
  isOut?: boolean;
  /** Whether it leaves; shown where there is something. */
  children?: ReactNode;
}

/** One kind of what leaves with a graph that is given away. */
export function LeavingRow({ what, remark, examples, isOut = false, children }: LeavingRowProps) {
  return (
    <li className="flex items-start gap-3 px-3 py-2">
      <div className="min-w-0 flex-1">
        <span className="font-medium">{what}</span>
        <span className="ml-2 text-ink-3">{remark}</span>
        {examples.length > 0 && (
          <ul
            tabIndex={examples.length > 6 ? 0 : undefined}
            aria-label={what}
            className="mt-0.5 max-h-28 overflow-y-auto font-mono text-2xs wrap-anywhere text-ink-2"
          >
            {examples.map((each, i) => (
              <li key={i} className={isOut ? "text-ink-3 line-through" : undefined}>
                {each}
              </li>
            ))}
          </ul>
        )}
      </div>
      {examples.length > 0 && children}
    </li>
  );
}

interface LeaveOutRowProps<Name extends string> extends Pick<LeavingRowProps, "remark" | "examples"> {
  name: Name;
  count: string;
  leaveOut: Readonly<Partial<Record<Name, boolean>>>;
  onChange(leaveOut: Partial<Record<Name, boolean>>): void;
}

/** A kind that can be left out. */
export function LeaveOutRow<Name extends string>({ name, count, leaveOut, onChange, ...row }: LeaveOutRowProps<Name>) {
  const isOut = leaveOut[name] === true;
  return (
    <LeavingRow what={count} isOut={isOut} {...row}>
      <Checkbox
        label="leave out"
        className="shrink-0"
        checked={isOut}
        onChange={(to) => onChange({ ...leaveOut, [name]: to })}
      />
    </LeavingRow>
  );
}

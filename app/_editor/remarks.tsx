"use client";

import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "#nodes/graph/problem";
import { cx } from "../_ui/cx";
import type { NodeRun } from "./run-state";

/** Something that is wrong with a node, or was with its last run, as a person reads it. */
export interface Remark {
  isBad: boolean;
  text: string;
  hint?: string;
  /** What only helps to look for the cause, such as a runtime's own words: folded away. */
  details?: Readonly<Record<string, string>>;
}

/** What the check found first, then what the run failed of, then what it warned of; each said once. */
export function remarksOf(problems: readonly Problem[], run: NodeRun | undefined): Remark[] {
  const found = problems.map(({ severity, message, hint }) => ({ isBad: severity === "error", text: message, hint }));
  const failure = run?.error ? [failureOf(run.error)] : [];
  const warnings = (run?.warnings ?? []).map((text) => ({ isBad: false, text }));
  const remarks: Remark[] = [...found, ...failure, ...warnings];
  return remarks.filter(({ text }, i) => remarks.findIndex((other) => other.text === text) === i);
}

function failureOf({ message, hint, details }: NonNullable<NodeRun["error"]>): Remark {
  return { isBad: true, text: message, hint, ...(details ? { details } : {}) };
}

export function RemarkLine({ remark: { isBad, text, hint, details } }: { remark: Remark }) {
  const Sign = isBad ? CircleAlert : TriangleAlert;
  return (
    <li
      className={cx(
        "flex gap-1.5 px-2.5 py-1.5 text-2xs leading-snug",
        isBad ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn",
      )}
    >
      <Sign className="mt-px size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0 wrap-anywhere">
        {text}
        {hint && <span className="block">{hint}</span>}
        {details && <Details details={details} />}
      </span>
    </li>
  );
}

function Details({ details }: { details: NonNullable<Remark["details"]> }) {
  return (
    <details className="nodrag mt-1">
      <summary className="cursor-pointer">Details</summary>
      <dl className="mt-1 select-text">
        {Object.entries(details).map(([name, value]) => (
          <div key={name}>
            <dt className="inline font-medium">{name}: </dt>
            <dd className="inline">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

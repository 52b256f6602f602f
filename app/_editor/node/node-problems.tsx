import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "#nodes/graph/problem";
import type { NodeRun } from "../run-state";

interface Line {
  isBad: boolean;
  text: string;
  hint?: string;
}

/** What the check finds wrong with a node, and what its run complained of: the first three. */
export function NodeProblems({ problems, run }: { problems: readonly Problem[]; run?: NodeRun }) {
  const lines = linesOf(problems, run);
  if (!lines.length) return null;
  return (
    <ul className="overflow-hidden border-t border-line last:rounded-b-[11px]">
      {lines.slice(0, 3).map((line) => (
        <ProblemLine key={line.text} {...line} />
      ))}
    </ul>
  );
}

function linesOf(problems: readonly Problem[], run?: NodeRun): Line[] {
  const lines = problems.map(
    ({ severity, message, hint }): Line => ({ isBad: severity === "error", text: message, hint }),
  );
  if (run?.error) lines.push({ isBad: true, text: run.error.message, hint: run.error.hint });
  for (const text of run?.warnings ?? []) lines.push({ isBad: false, text });
  return lines;
}

function ProblemLine({ isBad, text, hint }: Line) {
  const Icon = isBad ? CircleAlert : TriangleAlert;
  const tone = isBad ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn";
  return (
    <li className={`flex gap-1.5 px-2.5 py-1.5 text-[11px] leading-snug ${tone}`}>
      <Icon className="mt-px size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0 break-words">
        {text}
        {hint && <span className="block opacity-80">{hint}</span>}
      </span>
    </li>
  );
}

import type { Problem } from "#nodes/graph/problem";
import { isUnwired } from "../problems/listed";
import { RemarkLine, remarksOf } from "../remarks";
import type { NodeRun } from "../run-state";

/** So many are shown on the node; all of them in the inspector. */
const most = 3;

interface NodeProblemsProps {
  problems: readonly Problem[];
  run?: NodeRun;
  /** A run was asked for: what is not wired is in its way. */
  isAsked?: boolean;
}

/** What the check finds wrong with a node, and what its run complained of. */
export function NodeProblems({ problems, run, isAsked }: NodeProblemsProps) {
  const unwired = isAsked ? [] : problems.filter(isUnwired);
  const remarks = remarksOf(isAsked ? problems : problems.filter((problem) => !isUnwired(problem)), run);
  if (!remarks.length) return unwired.length ? <Unwired problems={unwired} /> : null;
  const more = remarks.length - most;
  return (
    <ul className="overflow-hidden border-t border-line last:rounded-b-[11px]">
      {remarks.slice(0, most).map((remark) => (
        <RemarkLine key={remark.text} remark={remark} />
      ))}
      {more > 0 && (
        <li className="bg-sunken px-2.5 py-1 text-2xs text-ink-2" title="Choose the node to see all of them">
          and {more} more
        </li>
      )}
    </ul>
  );
}

/** Nothing is wrong with a node that is still being wired. */
function Unwired({ problems }: { problems: readonly Problem[] }) {
  const ports = problems.map(({ port }) => port).join(", ");
  return (
    <p className="truncate border-t border-line px-2.5 py-1 text-2xs text-ink-2" title={`Not wired yet: ${ports}`}>
      Not wired yet: {ports}
    </p>
  );
}

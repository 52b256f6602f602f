import type { Problem } from "#nodes/graph/problem";
import { RemarkLine, remarksOf } from "../remarks";
import type { NodeRun } from "../run-state";

/** So many are shown on the node; all of them in the inspector. */
const most = 3;

/** What the check finds wrong with a node, and what its run complained of. */
export function NodeProblems({ problems, run }: { problems: readonly Problem[]; run?: NodeRun }) {
  const remarks = remarksOf(problems, run);
  if (!remarks.length) return null;
  const more = remarks.length - most;
  return (
    <ul className="overflow-hidden border-t border-line last:rounded-b-[11px]">
      {remarks.slice(0, most).map((remark) => (
        <RemarkLine key={remark.text} remark={remark} />
      ))}
      {more > 0 && (
        <li className="bg-sunken px-2.5 py-1 text-[11px] text-ink-2" title="Choose the node to see all of them">
          and {more} more
        </li>
      )}
    </ul>
  );
}

import { RotateCw } from "lucide-react";
import { separator } from "#nodes/graph/composites";
import { useEditor, wayTo } from "../context";
import { hasEnded } from "../run-state";
import type { EditorState } from "../store";

/** That a run would compute a node, and why. Nothing on a graph that never ran: there it would be on all. */
export function StaleMark({ id }: { id: string }) {
  const why = useEditor((state) => whyStale(state, id));
  if (!why) return null;
  return (
    <span title={`Would run: ${why}`} data-stale={why} className="shrink-0">
      <RotateCw className="size-3 text-ink-3" aria-label={`would run: ${why}`} />
    </span>
  );
}

/** Why a node that is seen would run; of an instance, why the first of what lies in it would. */
function whyStale(state: EditorState, id: string): string | undefined {
  const { foreseen, run, frozen } = state;
  const isGoing = run.status !== undefined && !hasEnded(run.status);
  if (!foreseen || frozen || isGoing || !Object.keys(run.nodes).length) return undefined;
  const way = wayTo(state, id);
  const own = foreseen.why[way];
  if (own || !state.checked.graph.flat.instances.has(way)) return own;
  const inner = Object.entries(foreseen.why).find(([path]) => path.startsWith(`${way}${separator}`));
  return inner && `${inner[0].slice(way.length + 1)}: ${inner[1]}`;
}

import { duration, size } from "../../_ui/amounts";
import { runAt, useEditor } from "../context";
import type { EditorState } from "../store";

/** How much of a run's time or memory a node took, as a strip that is longer and warmer the more it was. */
export function NodeHeat({ id }: { id: string }) {
  const share = useEditor((state) => shareOf(state, id));
  const text = useEditor((state) => textOf(state, id));
  if (share === undefined || text === undefined) return null;
  const percent = Math.round(100 * share);
  return (
    <div className="px-2.5 pt-1.5" data-heat={percent}>
      <div className="h-1.5 overflow-hidden rounded-full bg-line">
        <div
          className="h-full rounded-full"
          style={{ width: `${Math.max(2, percent)}%`, background: heatColour(share) }}
        />
      </div>
      <p className="mt-0.5 text-2xs text-ink-2 tabular-nums">
        {text} · {percent} %
      </p>
    </div>
  );
}

/** From cold to hot, by the root of the share: most nodes take little. */
const heatColour = (share: number): string => `hsl(${Math.round(210 - 200 * Math.sqrt(share))} 80% 52%)`;

function amountOf({ heat }: EditorState, node: { ms?: number; memory?: number }): number | undefined {
  return heat === "time" ? node.ms : node.memory;
}

/** Of all time, or of the most memory that any node took. */
function shareOf(state: EditorState, id: string): number | undefined {
  const node = runAt(state, id);
  const amount = state.heat === "off" || !node ? undefined : amountOf(state, node);
  if (amount === undefined || amount <= 0) return undefined;
  const { time, memory } = wholeOf(state);
  return Math.min(1, amount / Math.max(1, state.heat === "time" ? time : memory));
}

interface Whole {
  time: number;
  memory: number;
}
/** By the nodes of a run: a thousand nodes ask for what they have in common. */
const known = new WeakMap<object, Whole>();

function wholeOf({ run, checked }: EditorState): Whole {
  const before = known.get(run.nodes);
  if (before) return before;
  const { instances } = checked.graph.flat;
  const nodes = Object.entries(run.nodes).flatMap(([path, node]) => (instances.has(path) ? [] : [node]));
  const whole = {
    time: nodes.reduce((sum, { ms = 0 }) => sum + ms, 0),
    memory: nodes.reduce((most, node) => Math.max(most, node.memory ?? 0), 0),
  };
  known.set(run.nodes, whole);
  return whole;
}

function textOf(state: EditorState, id: string): string | undefined {
  const node = runAt(state, id);
  const amount = node && amountOf(state, node);
  if (amount === undefined) return undefined;
  return state.heat === "time" ? duration(amount) : size(amount);
}

import { Pin, PinOff } from "lucide-react";
import type { ReactNode } from "react";
import { setPinAt } from "#nodes/graph/pinning";
import { ago } from "../../_ui/amounts";
import { useEditor, useEditorStore, wayTo } from "../context";
import { pinAt, sharingInstances } from "../pinning";

const looks = {
  bypassed: "border-dashed bg-sunken",
  muted: "border-dotted bg-sunken grayscale",
  behind: "bg-sunken grayscale",
} as const;

/** Why a node is not computed: of itself, or because it lies behind a muted one. */
export function useIdle(id: string): keyof typeof looks | undefined {
  const own = useEditor(({ shown }) => shown.nodes[id]?.off);
  const found = useEditor((state) => state.checked.graph.computed.idle.get(wayTo(state, id)));
  return own ?? found;
}

export const idleLook = (idle: keyof typeof looks | undefined): string => (idle ? looks[idle] : "");

/** Says that a node is bypassed, muted, or skipped with a muted one. */
export function IdleMark({ idle }: { idle: keyof typeof looks | undefined }) {
  if (!idle) return null;
  return <Mark>{idle === "behind" ? "skipped" : idle}</Mark>;
}

/** Says that something stays where it is. */
export const LockedMark = () => <Mark>locked</Mark>;

const Mark = ({ children }: { children: ReactNode }) => (
  <span className="rounded bg-sunken px-1 text-2xs font-medium text-ink-2">{children}</span>
);

/** Says since when a result is pinned, and unpins it. */
export function PinMark({ id }: { id: string }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const instances = useEditor((state) => sharingInstances(state, id));
  const pin = useEditor((state) => pinAt(state, id));
  if (!pin) return null;
  const age = ago(new Date(pin.at));
  const where = instances > 1 ? ` It stands for this node in all ${instances} instances.` : "";
  return (
    <button
      type="button"
      disabled={frozen}
      aria-label={`Pinned ${age}: unpin`}
      title={`This result was pinned ${age}; the node is not run.${where} Click to unpin it.`}
      onClick={() => store.getState().editWhole((now) => setPinAt(now, wayTo(store.getState(), id), undefined))}
      className="group nodrag flex items-center gap-1 rounded bg-accent-soft px-1 text-2xs font-medium text-accent"
    >
      <Pin className="size-3 group-hover:hidden" aria-hidden />
      <PinOff className="hidden size-3 group-hover:block" aria-hidden />
      {age}
    </button>
  );
}

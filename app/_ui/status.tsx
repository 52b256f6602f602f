import { Ban, Check, CircleDashed, Clock, LoaderCircle, type LucideIcon, X } from "lucide-react";
import type { RunStatus } from "#nodes/graph/events";

interface Mark {
  label: string;
  tone: string;
  icon: LucideIcon;
}
const marks: { [S in RunStatus]: Mark } = {
  queued: { label: "Queued", tone: "text-ink-2 bg-sunken", icon: Clock },
  running: { label: "Running", tone: "text-accent bg-accent-soft", icon: LoaderCircle },
  done: { label: "Done", tone: "text-good bg-sunken", icon: Check },
  failed: { label: "Failed", tone: "text-bad bg-bad-soft", icon: X },
  cancelled: { label: "Cancelled", tone: "text-ink-2 bg-sunken", icon: Ban },
};

const neverRun: Mark = { label: "Never run", tone: "text-ink-3 bg-sunken", icon: CircleDashed };

/** A run's status in a word, a colour and a sign. */
export function StatusMark({ status }: { status: RunStatus | undefined }) {
  const { label, tone, icon: Icon } = status ? marks[status] : neverRun;
  return (
    <span className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium ${tone}`}>
      <Icon className={`size-3.5 ${status === "running" ? "animate-spin" : ""}`} aria-hidden />
      {label}
    </span>
  );
}

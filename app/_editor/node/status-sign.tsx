import { CircleCheck, CircleX, LoaderCircle, Snowflake, Zap } from "lucide-react";
import { duration, size } from "../../_ui/amounts";
import type { NodeRun } from "../run-state";

/** How a node's part of the run stands, as a sign in its header. */
export function StatusSign({ run }: { run: NodeRun }) {
  if (run.once) return <OnceSign {...run.once} />;
  switch (run.status) {
    case "running":
      return <LoaderCircle className="size-3.5 animate-spin text-accent" aria-label="running" />;
    case "done":
      return (
        <span className="flex items-center gap-1 text-2xs text-ink-3">
          {duration(run.ms ?? 0)}
          <CircleCheck className="size-3.5 text-good" aria-label="done" />
        </span>
      );
    case "cached":
      return (
        <span title="From the cache: nothing it depends on has changed">
          <Zap className="size-3.5 text-good" aria-label="cached" />
        </span>
      );
    case "failed":
      return <CircleX className="size-3.5 text-bad" aria-label="failed" />;
    default:
      return null;
  }
}

function OnceSign({ rows, bytes }: { rows: number; bytes: number }) {
  const title = `Frozen: ran once for each of ${rows.toLocaleString()} rows, and what it gave is kept (${size(bytes)})`;
  return (
    <span className="flex items-center gap-1 text-2xs text-ink-3" title={title}>
      once
      <Snowflake className="size-3.5 text-accent" aria-label="ran once for each row" />
    </span>
  );
}

import { paceText } from "../pace";
import type { NodeRun } from "../run-state";

/** How far a running node has come; a pulse where it does not say. */
export function NodeProgress({ progress }: Pick<NodeRun, "progress">) {
  const pace = progress && paceText(progress);
  const percent = progress && (100 * progress.done) / Math.max(1, progress.of);
  return (
    <div className="px-2.5 pt-1.5">
      <div
        className="h-1 overflow-hidden rounded-full bg-line"
        role="progressbar"
        aria-label="Progress of the node"
        aria-valuenow={percent === undefined ? undefined : Math.round(percent)}
      >
        <div
          className={`h-full rounded-full bg-accent transition-[width] ${progress ? "" : "w-1/3 animate-pulse"}`}
          style={{ width: percent === undefined ? undefined : `${percent}%` }}
        />
      </div>
      {progress && (
        <p className="mt-1 text-2xs text-ink-2 tabular-nums">
          <span className="block truncate">
            {progress.done.toLocaleString()} of {progress.of.toLocaleString()}
            {progress.note ? ` · ${progress.note}` : ""}
          </span>
          {pace && <span className="block truncate">{pace}</span>}
        </p>
      )}
    </div>
  );
}

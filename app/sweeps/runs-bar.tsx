import type { Sweep } from "./labels";

/** How many runs are over, as a bar and in words. */
export function RunsBar({ runs: { queued, running, done, failed, cancelled } }: { runs: Sweep["runs"] }) {
  const all = queued + running + done + failed + cancelled;
  const part = (n: number) => ({ width: `${(100 * n) / Math.max(1, all)}%` });
  return (
    <div>
      <div
        className="flex h-1.5 overflow-hidden rounded-full bg-line"
        role="progressbar"
        aria-valuenow={all - queued - running}
        aria-valuemax={all}
      >
        <div className="bg-good" style={part(done)} />
        <div className="bg-bad" style={part(failed)} />
        <div className="bg-ink-3" style={part(cancelled)} />
        <div className="animate-pulse bg-accent" style={part(running)} />
      </div>
      <p className="mt-1 text-xs text-ink-3">
        {done} of {all} done{running ? `, ${running} running` : ""}
        {failed ? `, ${failed} failed` : ""}
        {cancelled ? `, ${cancelled} cancelled` : ""}
      </p>
    </div>
  );
}

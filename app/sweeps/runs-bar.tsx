import type { Sweep } from "./labels";

/** How many runs are over, as a bar and in words. */
export function RunsBar({ runs }: { runs: Sweep["runs"] }) {
  const { queued, running, done, failed, cancelled } = runs;
  const total = queued + running + done + failed + cancelled;
  const widthOf = (count: number) => ({ width: `${(100 * count) / Math.max(1, total)}%` });
  const others = Object.entries({ running, failed, cancelled }).filter(([, count]) => count > 0);
  return (
    <div>
      <div
        className="flex h-1.5 overflow-hidden rounded-full bg-line"
        role="progressbar"
        aria-label="Runs that are over"
        aria-valuenow={total - queued - running}
        aria-valuemax={total}
      >
        <div className="bg-good" style={widthOf(done)} />
        <div className="bg-bad" style={widthOf(failed)} />
        <div className="bg-ink-3" style={widthOf(cancelled)} />
        <div className="animate-pulse bg-accent" style={widthOf(running)} />
      </div>
      <p className="mt-1 text-xs text-ink-3">
        {[`${done} of ${total} done`, ...others.map(([word, count]) => `${count} ${word}`)].join(", ")}
      </p>
    </div>
  );
}

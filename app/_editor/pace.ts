/** How fast a run goes, and how long it takes still. */
import { duration, shortNumber } from "../_ui/amounts";
import type { Foreseen } from "./foreseen";
import { hasEnded, type Progress, type RunState } from "./run-state";

/** Milliseconds that a node takes still, by what it did since it began to tell; nothing before it did anything. */
export function timeLeft({ done, of, at, since }: Progress): number | undefined {
  if (at === undefined || !since || done <= since.done || at <= since.at) return undefined;
  return ((at - since.at) * Math.max(0, of - done)) / (done - since.done);
}

/** "12.5 a second · 3 min 10 s left"; in minutes or hours where it is slow. */
export function paceText(progress: Progress): string | undefined {
  const left = timeLeft(progress);
  const { done, at, since } = progress;
  if (left === undefined || at === undefined || !since) return undefined;
  const perSecond = (1000 * (done - since.done)) / (at - since.at);
  const [rate, unit] = (
    [
      [perSecond, "second"],
      [60 * perSecond, "minute"],
      [3600 * perSecond, "hour"],
    ] as const
  ).find(([amount]) => amount >= 1) ?? [3600 * perSecond, "hour"];
  return `${shortNumber(Number(rate.toPrecision(3)))} a ${unit} · ${duration(left)} left`;
}

/**
 * Milliseconds that a run takes still: what its running nodes say, and for those that wait how long they took before.
 */
export function runTimeLeft(run: RunState, foreseen: Foreseen | undefined): number | undefined {
  if (run.status !== "running") return undefined;
  const entries = Object.entries(run.nodes);
  const going = entries.flatMap(([, node]) => (node.status === "running" && node.progress ? [node.progress] : []));
  const lefts = going.map(timeLeft);
  if (!going.length || lefts.includes(undefined)) return undefined;
  const waiting = entries.flatMap(([id, { status }]) => (status === "waiting" ? (foreseen?.ms[id] ?? 0) : []));
  return Math.max(...lefts.map((left) => left ?? 0)) + waiting.reduce((sum, ms) => sum + ms, 0);
}

/** Which share of a run is done, by its nodes; between 0 and 1. */
export function shareDone(run: RunState): number | undefined {
  if (run.status === undefined || hasEnded(run.status)) return undefined;
  const nodes = Object.values(run.nodes);
  const planned = nodes.filter(({ status }) => status !== "cached" && status !== "skipped");
  if (!planned.length) return 0;
  const parts = planned.map(({ status, progress }) => {
    if (status === "done" || status === "failed") return 1;
    return status === "running" && progress ? progress.done / Math.max(1, progress.of) : 0;
  });
  return parts.reduce<number>((sum, part) => sum + part, 0) / planned.length;
}

/** "Would run 7, cached 31, about 12 s". */
export function foreseenText({ why, cached, total, isLonger }: Foreseen): string {
  const runs = Object.keys(why).length;
  if (!runs) return `nothing to run, ${cached.length} cached`;
  const time = total === undefined ? undefined : `${isLonger ? "over" : "about"} ${duration(total)}`;
  return [`would run ${runs}`, `cached ${cached.length}`, time].filter(Boolean).join(", ");
}

"use client";

import { RotateCcw, X } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Ago } from "../ago";
import { duration, elapsed } from "../amounts";
import { IconButton } from "../button";
import { StatusMark } from "../status";
import type { QueuedRun } from "./use-queue";

/** What a run is called: its graph, and its place in its sweep. */
export const titleOf = ({ name, number }: QueuedRun): string => (number === null ? name : `${name} · run ${number}`);

/** A line of the tray: what it is, and what can be done with it. */
export function QueueRow({ run, note, children }: { run: QueuedRun; note: ReactNode; children: ReactNode }) {
  return (
    <>
      <Link href={`/runs/${run.id}`} className="min-w-0 flex-1 rounded px-1.5 py-1 hover:text-accent">
        <span className="block truncate font-medium">{titleOf(run)}</span>
        <span className="block truncate text-2xs text-ink-3 tabular-nums">{note}</span>
      </Link>
      {children}
    </>
  );
}

export function RunningRow({ run, onCancel }: { run: QueuedRun; onCancel(): void }) {
  const { progress, cancelRequested } = run;
  const percent = progress && Math.min(100, (100 * progress.done) / Math.max(1, progress.of));
  return (
    <div data-queue-run={run.id} className="rounded-md hover:bg-sunken">
      <div className="flex items-center gap-1">
        <QueueRow run={run} note={cancelRequested ? "stops …" : noteOf(run)}>
          <IconButton label={`Stop ${titleOf(run)}`} disabled={cancelRequested} onClick={onCancel}>
            <X className="size-4" aria-hidden />
          </IconButton>
        </QueueRow>
      </div>
      <div className="mx-1.5 mb-1 h-1 overflow-hidden rounded-full bg-line">
        <div
          className={`h-full rounded-full bg-accent transition-[width] ${progress ? "" : "w-1/4 animate-pulse"}`}
          style={{ width: percent === undefined ? undefined : `${percent}%` }}
        />
      </div>
    </div>
  );
}

function noteOf(run: QueuedRun): string {
  const { progress } = run;
  const where = progress && `${progress.node}: ${progress.done.toLocaleString()} of ${progress.of.toLocaleString()}`;
  return [duration(elapsed(run)), where].filter(Boolean).join(" · ");
}

export function EndedRow({ run, onAgain }: { run: QueuedRun; onAgain(): void }) {
  return (
    <div data-queue-run={run.id} className="flex items-center gap-1 rounded-md hover:bg-sunken">
      <QueueRow run={run} note={run.error?.message ?? <Ago date={run.finishedAt ?? run.createdAt} />}>
        <StatusMark status={run.status} />
        <IconButton label={`Run ${titleOf(run)} again as it was`} onClick={onAgain}>
          <RotateCcw className="size-4" aria-hidden />
        </IconButton>
      </QueueRow>
    </div>
  );
}

"use client";

import { ArrowUpToLine, GripVertical, X } from "lucide-react";
import { useRef, useState } from "react";
import { Ago } from "../ago";
import { IconButton } from "../button";
import { cx } from "../cx";
import { QueueRow, titleOf } from "./queue-rows";
import type { QueueActions, QueuedRun } from "./use-queue";
import { useReorder } from "./use-reorder";

/** The runs that wait, the next one first. They are moved by their handles, with the pointer or the arrow keys. */
export function WaitingList({ runs, actions }: { runs: readonly QueuedRun[]; actions: QueueActions }) {
  const list = useRef<HTMLUListElement>(null);
  const [said, setSaid] = useState("");
  const ids = runs.map(({ id }) => id);
  const { drag, handle } = useReorder(list, ids, (id, before, place) => {
    const run = runs.find((each) => each.id === id);
    if (run) setSaid(`${titleOf(run)} is now number ${place + 1} of ${runs.length}.`);
    actions.move(id, before);
  });
  return (
    <>
      <ul ref={list} aria-label="Runs that wait, in order">
        {runs.map((run, place) => (
          <li
            key={run.id}
            data-queue-run={run.id}
            className={cx(
              "relative flex items-center rounded-md hover:bg-sunken",
              drag?.id === run.id && "opacity-50",
              drag && lineAt(drag.place, place, runs.length),
            )}
          >
            <button
              type="button"
              aria-label={`Move ${titleOf(run)}, number ${place + 1} of ${runs.length}`}
              title="Drag, or use the arrow keys"
              className="cursor-grab touch-none rounded p-1 text-ink-3 hover:text-ink active:cursor-grabbing"
              {...handle(run.id)}
            >
              <GripVertical className="size-4" aria-hidden />
            </button>
            <QueueRow
              run={run}
              note={
                <>
                  asked <Ago date={run.createdAt} />
                </>
              }
            >
              <IconButton
                label={`Run ${titleOf(run)} next`}
                disabled={place === 0}
                onClick={() => actions.runNext(run.id)}
              >
                <ArrowUpToLine className="size-4" aria-hidden />
              </IconButton>
              <IconButton label={`Cancel ${titleOf(run)}`} onClick={() => actions.cancel(run.id)}>
                <X className="size-4" aria-hidden />
              </IconButton>
            </QueueRow>
          </li>
        ))}
      </ul>
      <p className="sr-only" aria-live="polite">
        {said}
      </p>
    </>
  );
}

/** A line where the run that is dragged would come to lie. */
function lineAt(gap: number, place: number, count: number): string | undefined {
  if (gap === place) return "before:absolute before:inset-x-0 before:-top-px before:h-0.5 before:bg-accent";
  const isLast = gap === count && place === count - 1;
  return isLast ? "after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-accent" : undefined;
}

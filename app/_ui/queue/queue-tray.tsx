"use client";

import { ListOrdered, LoaderCircle } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { Button } from "../button";
import { Popup } from "../popup";
import { askedBy } from "./asked-by";
import { EndedRow, RunningRow } from "./queue-rows";
import { type Queue, useQueue, useQueueActions } from "./use-queue";
import { WaitingList } from "./waiting-list";

/** What runs, what waits and what ended, on every page: the order is changed here, and runs are stopped from here. */
export function QueueTray() {
  const [isOpen, setOpen] = useState(false);
  const queue = useQueue(isOpen);
  const running = queue?.running.length ?? 0;
  const waits = queue?.waits ?? 0;
  return (
    <Popup
      open={isOpen}
      onOpenChange={setOpen}
      label="Queue of runs"
      className="flex max-h-[min(640px,80vh)] w-[min(380px,94vw)] flex-col overflow-y-auto"
      trigger={
        <Button look="quiet" aria-label={labelOf(running, waits)} title="Queue of runs" data-queue className="px-2">
          {running ? (
            <LoaderCircle className="size-4 animate-spin text-accent motion-reduce:animate-none" aria-hidden />
          ) : (
            <ListOrdered className="size-4" aria-hidden />
          )}
          {running + waits > 0 && <span className="text-xs tabular-nums">{running + waits}</span>}
        </Button>
      }
    >
      {queue ? <Contents queue={queue} /> : <p className="p-4 text-ink-2">Asking what runs …</p>}
    </Popup>
  );
}

function labelOf(running: number, waits: number): string {
  if (!running && !waits) return "Queue of runs: nothing runs";
  // The number that is seen is part of what is said.
  return `Queue of runs: ${running + waits}, of which ${running} running and ${waits} waiting`;
}

function Contents({ queue }: { queue: Queue }) {
  const actions = useQueueActions();
  const { running, waiting, waits, ended } = queue;
  const mine = [...running, ...waiting].filter((run) => run.askedBy === askedBy()).length;
  return (
    <>
      <Section title="Running">
        {running.map((run) => (
          <RunningRow key={run.id} run={run} onCancel={() => actions.cancel(run.id)} />
        ))}
        {!running.length && <Nothing>Nothing runs.</Nothing>}
      </Section>
      <Section title={waits ? `Waiting, ${waits.toLocaleString()}` : "Waiting"}>
        <WaitingList runs={waiting} actions={actions} />
        {!waits && <Nothing>Nothing waits. A graph that is run while another runs waits here.</Nothing>}
        {waits > waiting.length && <Nothing>… and {(waits - waiting.length).toLocaleString()} more.</Nothing>}
      </Section>
      {ended.length > 0 && (
        <Section title="Ended last">
          {ended.map((run) => (
            <EndedRow key={run.id} run={run} onAgain={() => actions.runAgain(run.id)} />
          ))}
        </Section>
      )}
      <div className="sticky bottom-0 flex items-center justify-between border-t border-line bg-raised px-3 py-2">
        <Link href="/runs" className="text-accent hover:underline">
          All runs
        </Link>
        <Button size="s" disabled={!mine} onClick={actions.cancelMine} title="Stops all that this browser asked for">
          {mine ? `Cancel mine (${mine})` : "Cancel mine"}
        </Button>
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-b border-line px-1.5 pt-2.5 pb-2 last-of-type:border-0">
      <h3 className="px-1.5 pb-1 text-2xs font-semibold tracking-wide text-ink-3 uppercase">{title}</h3>
      {children}
    </section>
  );
}

function Nothing({ children }: { children: ReactNode }) {
  return <p className="px-1.5 py-1 text-xs text-ink-3">{children}</p>;
}

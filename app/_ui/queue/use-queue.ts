"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "../toast";
import { type Outputs, problemOf, useTRPC, useTRPCClient } from "../../_trpc/client";
import { askedBy } from "./asked-by";

export type Queue = Outputs["runs"]["queue"];
export type QueuedRun = Queue["waiting"][number];

/** What runs and what waits, kept up to date; more often while somebody looks at it. */
export function useQueue(isOpen: boolean): Queue | undefined {
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.runs.queue.queryOptions(),
    refetchInterval: ({ state }) => {
      if (isOpen) return 1000;
      return state.data && (state.data.running.length || state.data.waits) ? 2000 : 4000;
    },
  });
  return data;
}

export interface QueueActions {
  /** Moves a run that waits before another one, or behind all. */
  move(id: string, before: string | null): void;
  runNext(id: string): void;
  cancel(id: string): void;
  cancelMine(): void;
  runAgain(id: string): void;
}

/** What can be done with runs of the queue. The list shows it at once, and then what the server made of it. */
export function useQueueActions(): QueueActions {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queries = useQueryClient();
  return useMemo(() => {
    const { queryKey } = trpc.runs.queue.queryOptions();
    async function act(ask: () => Promise<unknown>, foreseen?: (queue: Queue) => Queue): Promise<void> {
      await queries.cancelQueries({ queryKey });
      if (foreseen) queries.setQueryData(queryKey, (queue) => queue && foreseen(queue));
      try {
        await ask();
      } catch (error) {
        const { message, hint } = problemOf(error);
        toast.error(message, { description: hint });
      }
      await queries.invalidateQueries({ queryKey });
    }
    return {
      move: (id, before) =>
        void act(
          () => client.runs.move.mutate({ id, before }),
          (queue) => withMoved(queue, id, before),
        ),
      runNext: (id) =>
        void act(
          () => client.runs.next.mutate({ id }),
          (queue) => withMoved(queue, id, queue.waiting[0]?.id ?? null),
        ),
      cancel: (id) =>
        void act(
          () => client.runs.cancel.mutate({ id }),
          (queue) => withCancelled(queue, id),
        ),
      cancelMine: () => void act(() => client.runs.cancelMine.mutate({ askedBy: askedBy() })),
      runAgain: (id) => void act(() => client.runs.again.mutate({ id, askedBy: askedBy() })),
    };
  }, [client, trpc, queries]);
}

/** The queue with a run before another one, or behind all. */
export function withMoved(queue: Queue, id: string, before: string | null): Queue {
  const moved = queue.waiting.find((run) => run.id === id);
  if (!moved || id === before) return queue;
  const others = queue.waiting.filter((run) => run !== moved);
  const found = others.findIndex((run) => run.id === before);
  const place = found < 0 ? others.length : found;
  return { ...queue, waiting: [...others.slice(0, place), moved, ...others.slice(place)] };
}

function withCancelled(queue: Queue, id: string): Queue {
  const waiting = queue.waiting.filter((run) => run.id !== id);
  const running = queue.running.map((run) => (run.id === id ? { ...run, cancelRequested: true } : run));
  return { ...queue, waiting, running, waits: queue.waits - (queue.waiting.length - waiting.length) };
}

"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { toast } from "sonner";
import { useStore } from "zustand";
import { useTRPC, useTRPCClient } from "../_trpc/client";
import { askedBy } from "../_ui/queue/asked-by";
import { hasEnded } from "./run-state";
import { complain } from "./saving";
import type { EditorStore } from "./store";

export interface RunOptions {
  /** Before all others that wait. */
  next?: boolean;
}
/** Runs the graph, or what the nodes need; it waits while another run goes on. */
export type RunGraph = (targets?: string[], options?: RunOptions) => void;

/**
 * A run is asked for with the document as it is on the screen, after it was saved. What goes on stays on the screen
 * until it ends; then the run that was asked for next is shown.
 */
export function useRunGraph(store: EditorStore, save: () => Promise<boolean>): RunGraph {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const show = useShowInTurn(store);
  return useMemo(
    () =>
      async (targets, { next } = {}) => {
        if (!(await save()) && store.getState().saved !== "failed") return;
        const { graphId, history } = store.getState();
        try {
          const asked = { graphId, document: history.present, targets: targets ?? ("all" as const), next };
          const { id } = await client.runs.create.mutate({ ...asked, askedBy: askedBy() });
          show(id);
          void queries.invalidateQueries({ queryKey: trpc.runs.queue.queryKey() });
        } catch (error) {
          complain(error);
        }
      },
    [client, trpc, queries, save, store, show],
  );
}

/** Shows a run at once, or after those that were asked for before it. */
function useShowInTurn(store: EditorStore): (id: string) => void {
  const waiting = useRef<string[]>([]);
  const isOver = useStore(store, ({ run }) => run.status === undefined || hasEnded(run.status));
  useEffect(() => {
    const id = isOver ? waiting.current.shift() : undefined;
    if (id !== undefined) store.getState().startRun(id);
  }, [isOver, store]);
  return useMemo(
    () => (id: string) => {
      const { status } = store.getState().run;
      if (status === undefined || hasEnded(status)) return store.getState().startRun(id);
      waiting.current.push(id);
      toast("The run waits in the queue.", { description: "It is shown here when the one that goes on has ended." });
    },
    [store],
  );
}

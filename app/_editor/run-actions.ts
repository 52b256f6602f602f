"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { toast } from "../_ui/toast";
import { useStore } from "zustand";
import { separator } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { askedBy } from "../_ui/queue/asked-by";
import { hasEnded } from "./run-state";
import { complain } from "./saving";
import type { EditorStore } from "./store";

export interface RunOptions {
  /** Before all others that wait. */
  next?: boolean;
  /** Leaves out what has an error in what it needs, and runs the rest. */
  soundOnly?: boolean;
  /** Nothing but the targets themselves: what they read must be there already. */
  alone?: boolean;
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
  return useMemo(() => {
    const run = async (targets?: string[], options: RunOptions = {}): Promise<void> => {
      store.getState().askRun();
      if (!(await save()) && store.getState().saved !== "failed") return;
      const { graphId, history } = store.getState();
      const { alone, ...how } = options;
      const asked = { graphId, document: history.present };
      const runAll = () => void run(targets, { ...options, alone: false });
      try {
        if (alone && targets && !(await isReadyFor(client, { ...asked, targets }, runAll))) return;
        const wanted = { ...asked, targets: targets ?? ("all" as const), ...how };
        const { id, unsound } = await client.runs.create.mutate({ ...wanted, askedBy: askedBy() });
        show(id);
        if (unsound.length) sayLeftOut(unsound);
        void queries.invalidateQueries({ queryKey: trpc.runs.queue.queryKey() });
      } catch (error) {
        const isMended = how.soundOnly || !problemOf(error).node;
        if (isMended) complain(error);
        else sayRefused(error, () => void run(targets, { ...options, soundOnly: true }));
      }
    };
    return run;
  }, [client, trpc, queries, save, store, show]);
}

interface Wanted {
  graphId?: string;
  document: GraphDocument;
  targets: string[];
}

/** Whether all that nodes read is there. Where it is not, says what is missing, and offers to run that too. */
async function isReadyFor(
  client: ReturnType<typeof useTRPCClient>,
  wanted: Wanted,
  runAll: () => void,
): Promise<boolean> {
  const foreseen = await client.runs.foresee.mutate(wanted);
  const isAsked = (path: string) => wanted.targets.some((id) => path === id || path.startsWith(`${id}${separator}`));
  const missing = Object.keys(foreseen?.why ?? {}).filter((path) => !isAsked(path));
  if (!missing.length) return true;
  const names = missing.map((path) => wanted.document.nodes[path]?.title ?? path);
  const shown = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  toast.error("What the chosen nodes read is not there yet.", {
    description: `Results are missing of ${shown}.`,
    action: { label: "Run them too", onClick: runAll },
    duration: 12_000,
  });
  return false;
}

function sayRefused(error: unknown, runSound: () => void): void {
  const { message, hint } = problemOf(error);
  toast.error(message, {
    description: hint,
    action: { label: "Run what is sound", onClick: runSound },
    duration: 12_000,
  });
}

function sayLeftOut(unsound: readonly { title: string; message: string }[]): void {
  const [first] = unsound;
  const names = unsound.map(({ title }) => title).join(", ");
  toast(`Left out: ${names}.`, { description: first?.message, duration: 12_000 });
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

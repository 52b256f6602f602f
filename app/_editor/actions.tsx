"use client";

import { createContext, lazy, type ReactNode, Suspense, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useRouter } from "next/navigation";
import { useStore } from "zustand";
import type { Choice } from "#nodes/graph/merge-choices";
import { useTRPC, useTRPCClient } from "../_trpc/client";
import { lostWork } from "./lost-work";
import { hasEnded, type TimedEvent } from "./run-state";
import { useRunSignals } from "./run-signals";
import { type RunGraph, useRunGraph } from "./run-actions";
import { usePinning } from "./pinning";
import { complain, useSaving } from "./saving";
import type { EditorState, EditorStore } from "./store";
import { useForeseen } from "./use-foreseen";

const StopDialog = lazy(async () => ({ default: (await import("./stop-dialog")).StopDialog }));

/** What the editor asks of the server. */
interface Actions {
  runGraph: RunGraph;
  /** Stops the run; asks first where more than a minute of work would be lost. */
  stopRun(): void;
  saveCopy(): void;
  /** Pins what the chosen nodes gave in the run that is shown; unpins them where they are pinned. */
  pinChosen(): Promise<void>;
  /** Saves at once; true when what is on the screen is stored. */
  save(): Promise<boolean>;
  /** Ends a conflict with another window by what was chosen of each. */
  chooseMerge(choices: Readonly<Record<string, Choice>>): void;
}
const Context = createContext<Actions>({
  runGraph: () => {},
  stopRun: () => {},
  saveCopy: () => {},
  pinChosen: async () => {},
  save: async () => false,
  chooseMerge: () => {},
});
export function useActions(): Actions {
  return useContext(Context);
}

interface EditorActionsProps {
  store: EditorStore;
  revision: number;
  children: ReactNode;
}

/** What the editor does with the server: saves by itself, runs, stops, and follows a run's events. */
export function EditorActions({ store, revision, children }: EditorActionsProps) {
  const saver = useSaving(store, revision);
  const saving = useMemo(
    () => ({
      save: async () => (await saver?.save()) ?? true,
      chooseMerge: (choices: Readonly<Record<string, Choice>>) => void saver?.choose(choices),
    }),
    [saver],
  );
  const runGraph = useRunGraph(store, saving.save);
  const { stopRun, question } = useStopRun(store);
  const saveCopy = useSaveCopy(store);
  const pinChosen = usePinning(store);
  useRunEvents(store);
  useForeseen(store);
  useRunSignals(store);
  const actions = useMemo(
    (): Actions => ({ runGraph, stopRun, saveCopy, pinChosen, ...saving }),
    [runGraph, stopRun, saveCopy, pinChosen, saving],
  );
  return (
    <Context.Provider value={actions}>
      {children}
      {question}
    </Context.Provider>
  );
}

/** More lost work than this is asked about. */
const tolerableLoss = 60_000;

function useStopRun(store: EditorStore): { stopRun(): void; question: ReactNode } {
  const client = useTRPCClient();
  const [lost, setLost] = useState<number>();
  const isOver = useStore(store, ({ run }) => hasEnded(run.status));
  useEffect(() => {
    if (isOver) setLost(undefined);
  }, [isOver]);
  const actions = useMemo(() => {
    function stop(): void {
      const { id } = store.getState().run;
      if (id) client.runs.cancel.mutate({ id }).catch(complain);
    }
    function stopRun(): void {
      const state = store.getState();
      const { id, status } = state.run;
      if (id === undefined || hasEnded(status)) return;
      const loss = lostWork(state.run, (node) => checkpointEvery(state, node), Date.now());
      if (loss > tolerableLoss) setLost(loss);
      else stop();
    }
    return { stop, stopRun };
  }, [client, store]);
  const close = () => setLost(undefined);
  const question = lost !== undefined && (
    <Suspense>
      <StopDialog lost={lost} onStop={actions.stop} onClose={close} />
    </Suspense>
  );
  return { stopRun: actions.stopRun, question };
}

/** Steps between the checkpoints of a node that trains. */
function checkpointEvery({ checked }: EditorState, node: string): number | undefined {
  const { checkpoint } = (checked.graph.nodes.get(node)?.params ?? {}) as { checkpoint?: unknown };
  return typeof checkpoint === "number" ? checkpoint : undefined;
}

function useSaveCopy(store: EditorStore): Actions["saveCopy"] {
  const client = useTRPCClient();
  const router = useRouter();
  return useMemo(
    () => async () => {
      try {
        const { history, run, frozen } = store.getState();
        const { id } = await client.graphs.create.mutate({ document: history.present });
        // A copy of what was run opens with what it gave.
        router.push(frozen && run.id ? `/graphs/${id}?run=${run.id}` : `/graphs/${id}`);
      } catch (error) {
        complain(error);
      }
    },
    [client, router, store],
  );
}

/** Follows the run that is shown. Events come in bursts: one change of the screen for each few frames. */
function useRunEvents(store: EditorStore): void {
  const trpc = useTRPC();
  const runId = useStore(store, ({ run }) => run.id);
  const isOver = useStore(store, ({ run }) => hasEnded(run.status));
  const waiting = useRef<{ runId: string | undefined; events: TimedEvent[] }>({ runId, events: [] });
  const timer = useRef(0);
  // What is left of another run is told no more.
  if (waiting.current.runId !== runId) waiting.current = { runId, events: [] };
  useSubscription(
    trpc.runs.events.subscriptionOptions(
      { id: runId ?? "", lastEventId: null },
      {
        enabled: runId !== undefined && !isOver,
        onData: ({ data }) => {
          waiting.current.events.push(data as TimedEvent);
          timer.current ||= window.setTimeout(() => {
            timer.current = 0;
            store.getState().tell(waiting.current.events.splice(0));
          }, 60);
        },
        onError: complain,
      },
    ),
  );
}

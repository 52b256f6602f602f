"use client";

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef } from "react";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { useStore } from "zustand";
import type { RunEvent } from "#nodes/graph/events";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { hasEnded } from "./run-state";
import type { EditorStore } from "./store";

interface Actions {
  /** Runs the graph, or what the nodes need. */
  run(targets?: string[]): void;
  cancel(): void;
  saveCopy(): void;
}
const Context = createContext<Actions>({ run: () => {}, cancel: () => {}, saveCopy: () => {} });
export const useActions = (): Actions => useContext(Context);

const complain = (error: unknown): void => {
  const { message, hint } = problemOf(error);
  toast.error(message, { description: hint });
};

/** What the editor does with the server: saves by itself, runs, cancels, and follows a run's events. */
export function EditorActions({
  store,
  revision,
  children,
}: {
  store: EditorStore;
  revision: number;
  children: ReactNode;
}) {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const router = useRouter();
  const known = useRef(revision);
  const saving = useRef<Promise<boolean> | undefined>(undefined);
  const runId = useStore(store, (s) => s.run.id);
  const over = useStore(store, (s) => hasEnded(s.run.status));

  /** Saves until the document that is stored is the one on the screen. True when it is. */
  const save = useCallback((): Promise<boolean> => {
    const { graphId, frozen } = store.getState();
    if (!graphId || frozen) return Promise.resolve(true);
    saving.current ??= (async () => {
      while (store.getState().saved === "unsaved" || store.getState().saved === "failed") {
        const document = store.getState().history.present;
        store.getState().setSaved("saving");
        try {
          known.current = (
            await client.graphs.save.mutate({ id: graphId, revision: known.current, document })
          ).revision;
          store.getState().setSaved(store.getState().history.present === document ? "saved" : "unsaved");
        } catch (error) {
          const conflict = (error as { data?: { code?: string } }).data?.code === "CONFLICT";
          store.getState().setSaved(conflict ? "conflict" : "failed");
          if (conflict) complain(error);
          return false;
        }
      }
      return store.getState().saved === "saved";
    })().finally(() => {
      saving.current = undefined;
    });
    return saving.current;
  }, [client, store]);

  // Autosave: soon after a change, again and again while the server is away, and before the page goes.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = store.subscribe(({ saved }, before) => {
      if (saved === "unsaved" || (saved === "failed" && before.saved !== "failed")) {
        clearTimeout(timer);
        timer = setTimeout(() => void save(), saved === "failed" ? 3000 : 600);
      }
    });
    const leave = (e: BeforeUnloadEvent) => {
      if (["unsaved", "saving", "failed"].includes(store.getState().saved)) {
        void save();
        e.preventDefault();
      }
    };
    window.addEventListener("beforeunload", leave);
    return () => {
      stop();
      clearTimeout(timer);
      window.removeEventListener("beforeunload", leave);
    };
  }, [store, save]);

  // Events come in bursts: one change of the screen for each frame.
  const waiting = useRef<RunEvent[]>([]);
  const frame = useRef(0);
  useSubscription(
    trpc.runs.events.subscriptionOptions(
      { id: runId ?? "", lastEventId: null },
      {
        enabled: runId !== undefined && !over,
        onData: ({ data }) => {
          waiting.current.push(data as RunEvent);
          frame.current ||= window.setTimeout(() => {
            frame.current = 0;
            store.getState().tell(waiting.current.splice(0));
          }, 60);
        },
        onError: complain,
      },
    ),
  );

  const actions = useMemo(
    (): Actions => ({
      async run(targets = []) {
        if (!(await save()) && store.getState().saved !== "failed") return;
        const { graphId, history } = store.getState();
        try {
          const { id } = await client.runs.create.mutate({ graphId, document: history.present, targets });
          waiting.current = [];
          store.getState().startRun(id);
        } catch (error) {
          complain(error);
        }
      },
      cancel() {
        const { id } = store.getState().run;
        if (id) client.runs.cancel.mutate({ id }).catch(complain);
      },
      async saveCopy() {
        try {
          const { id } = await client.graphs.create.mutate({ document: store.getState().history.present });
          router.push(`/graphs/${id}`);
        } catch (error) {
          complain(error);
        }
      },
    }),
    [client, router, save, store],
  );
  return <Context.Provider value={actions}>{children}</Context.Provider>;
}

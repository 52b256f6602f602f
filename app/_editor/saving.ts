import { useSubscription } from "@trpc/tanstack-react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { toast } from "../_ui/toast";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { countOf } from "../_ui/amounts";
import { beAlive } from "./keeping/alive";
import { browserDrafts } from "./keeping/drafts";
import { isToBeSaved, Saver } from "./keeping/saver";
import { agentName, newWindowId } from "./keeping/this-window";
import type { EditorStore } from "./store";

/** Shows what the server refused. */
export function complain(error: unknown): void {
  const { message, hint } = problemOf(error);
  toast.error(message, { description: hint });
}

/**
 * Saves the document by itself: soon after a change, again and again while the server is away, and before the page
 * goes; takes in what other windows save. Nothing for a snapshot.
 */
export function useSaving(store: EditorStore, revision: number): Saver | undefined {
  const client = useTRPCClient();
  const [window] = useState(newWindowId);
  const saver = useMemo(() => {
    const { graphId: graph, frozen, history } = store.getState();
    if (!graph || frozen) return undefined;
    return new Saver({
      store,
      graph,
      window,
      stored: { revision, document: history.present },
      server: { save: (save) => client.graphs.save.mutate(save), get: (id) => client.graphs.get.query({ id }) },
      drafts: browserDrafts(),
      onRefused: complain,
      onTaken: sayTaken,
    });
  }, [client, revision, store, window]);
  useEffect(() => (saver ? beAlive(window) : undefined), [saver, window]);
  useEffect(() => (saver ? saveAfterChanges(store, saver) : undefined), [store, saver]);
  useEffect(() => (saver ? saveBeforeLeaving(store, saver) : undefined), [store, saver]);
  useNews(store, saver, window);
  return saver;
}

function sayTaken(changes: number, wereBoth: boolean): void {
  const what = `${countOf(changes, "change")} of another window`;
  if (wereBoth) toast(`Merged with ${what}.`, { description: "Yours are all there; undo is about yours alone." });
  else toast(`Took in ${what}.`);
}

/**
 * Hears who else shows the graph, and when somebody saved it. A page that nobody sees hears nothing until it is seen.
 */
function useNews(store: EditorStore, saver: Saver | undefined, window: string): void {
  const trpc = useTRPC();
  const isSeen = useIsSeen();
  const [since] = useState(() => Date.now());
  const graph = store.getState().graphId ?? "";
  const input = useMemo(
    () => ({ id: graph, window: { id: window, since, agent: agentName() } }),
    [graph, since, window],
  );
  const hear = useCallback(
    (
      news:
        | { kind: "saved"; revision: number; window: string }
        | { kind: "windows"; windows: { id: string; since: number; agent: string }[] },
    ) => {
      if (news.kind === "windows") store.getState().setOthers(news.windows);
      else if (news.window !== window) void saver?.hear(news.revision);
    },
    [saver, store, window],
  );
  useSubscription(
    trpc.graphs.watch.subscriptionOptions(input, { enabled: saver !== undefined && isSeen, onData: hear }),
  );
}

function useIsSeen(): boolean {
  const [isSeen, setSeen] = useState(true);
  useEffect(() => {
    const look = () => setSeen(document.visibilityState === "visible");
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isSeen;
}

/** Keeps each change in this browser at once, and sends it when there was none for a moment. */
function saveAfterChanges(store: EditorStore, saver: Saver): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unsubscribe = store.subscribe(({ saved, history }, before) => {
    if (history.present !== before.history.present) void saver.keep();
    const isFailed = saved === "failed";
    if (saved !== "unsaved" && !(isFailed && before.saved !== "failed")) return;
    clearTimeout(timer);
    timer = setTimeout(() => void saver.save(), isFailed ? 3000 : 600);
  });
  const again = () => isToBeSaved(store.getState().saved) && void saver.save();
  window.addEventListener("online", again);
  return () => {
    unsubscribe();
    clearTimeout(timer);
    window.removeEventListener("online", again);
  };
}

/** Work that is kept in this browser is offered when the graph is opened again; nobody is asked to stay for it. */
function saveBeforeLeaving(store: EditorStore, saver: Saver): () => void {
  const leave = (event: BeforeUnloadEvent) => {
    const { saved, keptAt } = store.getState();
    if (saved === "saved" && keptAt === undefined) return;
    void saver.save();
    if (saved !== "unsaved" || keptAt === "failed") event.preventDefault();
  };
  window.addEventListener("beforeunload", leave);
  return () => window.removeEventListener("beforeunload", leave);
}

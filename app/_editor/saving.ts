import { useCallback, useEffect, useRef } from "react";
import { toast } from "sonner";
import { problemOf, useTRPCClient } from "../_trpc/client";
import type { EditorStore, Saved } from "./store";

/** Shows what the server refused. */
export function complain(error: unknown): void {
  const { message, hint } = problemOf(error);
  toast.error(message, { description: hint });
}

/**
 * Saves the document by itself: soon after a change, again and again while the server is away, and before the page
 * goes.
 * Gives a function that saves at once, until the document that is stored is the one on the screen; true when it is.
 */
export function useSaving(store: EditorStore, firstRevision: number): () => Promise<boolean> {
  const client = useTRPCClient();
  const revision = useRef(firstRevision);
  const saving = useRef<Promise<boolean>>(undefined);

  const saveAll = useCallback(async () => {
    while (isToBeSaved(store.getState().saved)) {
      const { graphId: id, history } = store.getState();
      const document = history.present;
      if (!id) break;
      store.getState().setSaved("saving");
      try {
        const stored = await client.graphs.save.mutate({ id, revision: revision.current, document });
        revision.current = stored.revision;
        store.getState().setSaved(store.getState().history.present === document ? "saved" : "unsaved");
      } catch (error) {
        const saved = savedAfter(error);
        store.getState().setSaved(saved);
        if (saved !== "failed") complain(error);
        return false;
      }
    }
    return store.getState().saved === "saved";
  }, [client, store]);

  const save = useCallback((): Promise<boolean> => {
    const { graphId, frozen } = store.getState();
    if (!graphId || frozen) return Promise.resolve(true);
    saving.current ??= saveAll().finally(() => {
      saving.current = undefined;
    });
    return saving.current;
  }, [saveAll, store]);

  useEffect(() => saveAfterChanges(store, save), [store, save]);
  useEffect(() => saveBeforeLeaving(store, save), [store, save]);
  return save;
}

/** An answer that refuses is the same however often it is asked for: only a change of the document may help. */
function savedAfter(error: unknown): Saved {
  const { code, httpStatus = 500 } = (error as { data?: { code?: string; httpStatus?: number } }).data ?? {};
  if (code === "CONFLICT") return "conflict";
  return httpStatus >= 400 && httpStatus < 500 ? "refused" : "failed";
}

function isToBeSaved(saved: Saved): boolean {
  return saved === "unsaved" || saved === "failed";
}

function saveAfterChanges(store: EditorStore, save: () => Promise<boolean>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unsubscribe = store.subscribe(({ saved }, before) => {
    const isFailed = saved === "failed";
    if (saved !== "unsaved" && !(isFailed && before.saved !== "failed")) return;
    clearTimeout(timer);
    timer = setTimeout(() => void save(), isFailed ? 3000 : 600);
  });
  return () => {
    unsubscribe();
    clearTimeout(timer);
  };
}

function saveBeforeLeaving(store: EditorStore, save: () => Promise<boolean>): () => void {
  const leave = (event: BeforeUnloadEvent) => {
    const { saved } = store.getState();
    if (!isToBeSaved(saved) && saved !== "saving" && saved !== "refused") return;
    void save();
    event.preventDefault();
  };
  window.addEventListener("beforeunload", leave);
  return () => window.removeEventListener("beforeunload", leave);
}

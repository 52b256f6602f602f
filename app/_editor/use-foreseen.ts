"use client";

import { useEffect } from "react";
import { useStore } from "zustand";
import { useTRPCClient } from "../_trpc/client";
import { hasEnded } from "./run-state";
import type { EditorStore } from "./store";

/** Milliseconds without an edit after which it is asked what a run would compute. */
const rest = 900;

/**
 * Keeps up to date what a run of the whole graph would compute: after each edit that is followed by a rest, and after
 * each run. While a run goes on nothing is asked.
 */
export function useForeseen(store: EditorStore): void {
  const client = useTRPCClient();
  const nodes = useStore(store, ({ history }) => history.present.nodes);
  const wires = useStore(store, ({ history }) => history.present.wires);
  const composites = useStore(store, ({ history }) => history.present.composites);
  const isBusy = useStore(store, ({ run }) => run.status !== undefined && !hasEnded(run.status));
  const frozen = useStore(store, (state) => state.frozen);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what of the document a run reads
  useEffect(() => {
    if (isBusy || frozen || !Object.keys(nodes).length) return;
    let isOver = false;
    const timer = setTimeout(async () => {
      const { graphId, history } = store.getState();
      const asked = { graphId, document: history.present };
      const foreseen = await client.runs.foresee.mutate(asked).catch(() => null); // it is a hint, never a complaint
      if (!isOver) store.getState().foresee(foreseen ?? undefined);
    }, rest);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, store, nodes, wires, composites, isBusy, frozen]);
}

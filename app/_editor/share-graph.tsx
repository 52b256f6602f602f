"use client";

import { ShareWindow } from "../_share/share-window";
import { useActions } from "./actions";
import { useEditor, useViewStore } from "./context";

/** Shares the graph that is open; of a run's snapshot, that run. */
export function ShareGraph() {
  const view = useViewStore();
  const { save } = useActions();
  const graph = useEditor((state) => state.graphId);
  const run = useEditor((state) => state.run.id);
  const close = () => view.getState().show(undefined);
  if (graph) return <ShareWindow graph={graph} save={save} onClose={close} />;
  return run ? <ShareWindow runs={[run]} onClose={close} /> : null;
}

"use client";

import { PublishApp } from "../_share/publish-app";
import { useActions } from "./actions";
import { useEditor, useViewStore } from "./context";

/** Makes an app of the graph that is open. */
export function PublishGraphApp() {
  const view = useViewStore();
  const { save } = useActions();
  const graph = useEditor((state) => state.graphId);
  return graph ? <PublishApp graph={graph} save={save} onClose={() => view.getState().show(undefined)} /> : null;
}

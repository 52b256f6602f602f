"use client";

import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import { useActions } from "./actions";
import { type CommandContext, commandFor } from "./commands";
import { useEditorStore } from "./context";

/** What commands work on. */
export function useCommandContext(): CommandContext {
  const store = useEditorStore();
  const flow = useReactFlow();
  const flowStore = useStoreApi();
  const { runGraph, stopRun } = useActions();
  return useMemo(() => {
    function deselect(): void {
      flowStore.getState().resetSelectedElements();
      store.getState().select([]);
    }
    return { store, flow, runGraph, stopRun, deselect };
  }, [store, flow, flowStore, runGraph, stopRun]);
}

/** Runs the command of each key press. */
export function useCommandKeys(): void {
  const context = useCommandContext();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const command = commandFor(event);
      if (!command) return;
      event.preventDefault();
      void command.run(context);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [context]);
}

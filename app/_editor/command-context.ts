"use client";

import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import { useActions } from "./actions";
import { runCommand } from "./commands";
import { listenToClipboard } from "./commands/clipboard";
import type { CommandContext } from "./commands/command";
import { useEditorStore, useViewStore } from "./context";
import { commandFor } from "./keys";

/** What commands work on. */
export function useCommandContext(): CommandContext {
  const store = useEditorStore();
  const view = useViewStore();
  const flow = useReactFlow();
  const flowStore = useStoreApi();
  const { runGraph, stopRun, save, pinChosen } = useActions();
  return useMemo(() => {
    function deselect(): void {
      flowStore.getState().resetSelectedElements();
      store.getState().select([]);
    }
    return { store, view, flow, runGraph, stopRun, save, pinChosen, deselect };
  }, [store, view, flow, flowStore, runGraph, stopRun, save, pinChosen]);
}

/** Runs the command of each key press, and of what the browser makes of some. */
export function useCommandKeys(): void {
  const context = useCommandContext();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const command = commandFor(event);
      if (!command || command.isBrowsersOwn) return;
      event.preventDefault();
      runCommand(command, context);
    };
    // What is typed into a field is one step of the history until the field is left.
    const settle = () => context.store.getState().settle();
    const endClipboard = listenToClipboard(context);
    window.addEventListener("keydown", press);
    window.addEventListener("focusout", settle);
    return () => {
      endClipboard();
      window.removeEventListener("keydown", press);
      window.removeEventListener("focusout", settle);
    };
  }, [context]);
}

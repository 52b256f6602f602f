"use client";

import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { PanelLeft, PanelRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import { addNode } from "#nodes/graph/edits";
import { IconButton } from "../_ui/button";
import { EditorActions, useActions } from "./actions";
import { Canvas } from "./canvas";
import { commandFor } from "./commands";
import { EditorProvider, useEditor, useEditorStore } from "./context";
import { Inspector } from "./inspector";
import { Palette } from "./palette";
import { hasEnded, noRun } from "./run-state";
import { createEditor } from "./store";
import { Toolbar } from "./toolbar";

export interface EditorProps {
  document: GraphDocument;
  graphId?: string;
  revision?: number;
  published?: boolean;
  /** A run to show: the last one of the graph, or the one whose snapshot this is. */
  runId?: string;
  frozen?: boolean;
}

/** The editor: palette, canvas, inspector. With `frozen` it shows what a run ran and gave, and nothing can be changed. */
export function Editor({ document, graphId, revision = 0, published = false, runId, frozen }: EditorProps) {
  const [store] = useState(() => createEditor({ graphId, document, frozen }));
  useEffect(() => {
    if (runId) store.getState().startRun(runId);
  }, [store, runId]);
  return (
    <ReactFlowProvider>
      <EditorProvider store={store}>
        <EditorActions store={store} revision={revision}>
          <Frame published={published} />
        </EditorActions>
      </EditorProvider>
    </ReactFlowProvider>
  );
}

function Failure({ error }: { error: PublicError }) {
  return (
    <div className="border-b border-line bg-bad-soft px-4 py-2 text-bad" role="alert">
      <b>{error.message}</b>
      {error.hint && <span className="ml-2 opacity-90">{error.hint}</span>}
    </div>
  );
}

function Frame({ published }: { published: boolean }) {
  const store = useEditorStore();
  const flow = useReactFlow();
  const { run, cancel } = useActions();
  const frozen = useEditor((s) => s.frozen);
  const error = useEditor((s) => s.run.error);
  const [left, setLeft] = useState(true);
  const [right, setRight] = useState(true);
  useEffect(() => {
    const small = window.innerWidth < 1180;
    setLeft(!small && !frozen);
  }, [frozen]);
  // The canvas has its width only after the panels have theirs, and nodes their height after the previews of the run that is opened; until then nobody has moved it.
  const fitted = useRef<string>(undefined);
  const shown = useEditor((s) => s.run.nodes !== noRun.nodes && hasEnded(s.run.status));
  useEffect(() => {
    const view = () => JSON.stringify(flow.getViewport());
    const timer = setTimeout(
      async () => {
        if (fitted.current !== undefined && fitted.current !== view()) return;
        await flow.fitView({ padding: 0.1, maxZoom: 1 });
        fitted.current = view();
      },
      shown ? 250 : 120,
    );
    return () => clearTimeout(timer);
  }, [flow, shown]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const command = commandFor(event);
      if (!command) return;
      event.preventDefault();
      void command.run({ store, flow, run, cancel });
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [store, flow, run, cancel]);
  const pick = (type: string) => {
    let id = "";
    const at = flow.screenToFlowPosition({ x: window.innerWidth / 2 - 120, y: window.innerHeight / 2 - 60 });
    store.getState().edit((d) => {
      const added = addNode(d, type, at);
      id = added.id;
      return added.document;
    });
    store.getState().select([id]);
  };
  return (
    <div className="flex h-screen flex-col overflow-hidden">
      <Toolbar published={published} />
      {error && <Failure error={error} />}
      <div className="flex min-h-0 flex-1">
        {!frozen && left && (
          <aside aria-label="Nodes" className="w-56 shrink-0 border-r border-line bg-surface">
            <Palette onPick={pick} />
          </aside>
        )}
        <div className="relative min-w-0 flex-1">
          <Canvas />
          {!frozen && (
            <IconButton
              label={left ? "Hide the nodes" : "Show the nodes"}
              className="absolute top-2 left-2 z-10 border border-line bg-surface"
              onClick={() => setLeft(!left)}
            >
              <PanelLeft className="size-4" aria-hidden />
            </IconButton>
          )}
          <IconButton
            label={right ? "Hide the inspector" : "Show the inspector"}
            className="absolute top-2 right-2 z-10 border border-line bg-surface"
            onClick={() => setRight(!right)}
          >
            <PanelRight className="size-4" aria-hidden />
          </IconButton>
        </div>
        {right && (
          <aside aria-label="Inspector" className="w-72 shrink-0 border-l border-line bg-surface">
            <Inspector />
          </aside>
        )}
      </div>
    </div>
  );
}

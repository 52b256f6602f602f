"use client";

import { type Node, type ReactFlowInstance, ReactFlowProvider, useReactFlow, type Viewport } from "@xyflow/react";
import { PanelLeft, PanelRight } from "lucide-react";
import { lazy, type ReactNode, Suspense, use, useEffect, useRef, useState } from "react";
import { toast } from "../_ui/toast";
import { loadFamilies } from "#models/architectures/core/known-families";
import { separator } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import type { Problem } from "#nodes/graph/problem";
import { IconButton } from "../_ui/button";
import { EditorActions } from "./actions";
import type { Box } from "./aligning";
import { usePlacing } from "./canvas/adding";
import { Canvas } from "./canvas/canvas";
import { alwaysDrawn } from "./canvas/judged";
import { useCommandKeys } from "./command-context";
import { EditorProvider, useEditor, useView, useViewStore } from "./context";
import { useViews } from "./composites/views";
import { firstView } from "./first-view";
import { Inspector } from "./inspector";
import { cardWidth } from "./node/geometry";
import { WiringAllowed } from "./node/wiring";
import { Overlays } from "./overlays";
import { createFittingView, hasRoomToEdit, SidePanel } from "./panels";
import { hasEnded, noRun } from "./run-state";
import { freePlace } from "./snapping";
import { createEditor } from "./store";
import { Toolbar } from "./toolbar/toolbar";
import type { PanelSide } from "./view";

const Palette = lazy(async () => ({ default: (await import("./palette")).Palette }));
const Breadcrumb = lazy(async () => ({ default: (await import("./composites/breadcrumb")).Breadcrumb }));
const MemoryAdvice = lazy(async () => ({ default: (await import("./memory-advice")).MemoryAdvice }));
const KeepingWindows = lazy(async () => ({ default: (await import("./keeping/keeping-windows")).KeepingWindows }));

export interface EditorProps {
  /** The document as JSON: as one text it reaches the browser many times faster than as a thousand objects. */
  documentText: string;
  graphId?: string;
  revision?: number;
  /** A run to show: the last one of the graph, or the one whose snapshot this is. */
  runId?: string;
  frozen?: boolean;
}

/**
 * The editor: palette, canvas, inspector. With `frozen` it shows what a run ran and gave, and nothing can be changed.
 */
export function Editor({ documentText, graphId, revision = 0, runId, frozen }: EditorProps) {
  // Without them the ports of such models are not known; graphs without any are drawn before they are here.
  if (documentText.includes("hugging-face")) use(loadFamilies());
  useEffect(() => void loadFamilies(), []);
  const [store] = useState(() => {
    const document: GraphDocument = JSON.parse(documentText);
    return createEditor({ graphId, document, frozen: frozen || !hasRoomToEdit(), onRefused: sayRefusal });
  });
  const [view] = useState(createFittingView);
  useEffect(() => {
    if (runId) store.getState().startRun(runId);
  }, [store, runId]);
  return (
    <ReactFlowProvider>
      <EditorProvider store={store} view={view}>
        <EditorActions store={store} revision={revision}>
          <Frame />
        </EditorActions>
      </EditorProvider>
    </ReactFlowProvider>
  );
}

function sayRefusal({ message, hint }: Problem): void {
  toast.error(message, { description: hint });
}

/** Toolbar above; palette, canvas and inspector side by side below. Both panels can be closed, and made wider. */
function Frame() {
  const frozen = useEditor((state) => state.frozen);
  const error = useEditor((state) => state.run.error);
  const path = useEditor((state) => state.path.join(separator));
  const { left, right } = useView((state) => state.panels);
  useFirstFit();
  useViews();
  useCommandKeys();
  const pick = usePick();
  return (
    <div className="flex h-screen flex-col overflow-hidden">
      <Toolbar />
      <Suspense>
        <KeepingWindows />
      </Suspense>
      {error && <Failure error={error} />}
      <div className="relative flex min-h-0 flex-1">
        {!frozen && left && (
          <SidePanel side="left" label="Nodes">
            <Suspense>
              <Palette onPick={pick} />
            </Suspense>
          </SidePanel>
        )}
        <div className="relative min-w-0 flex-1">
          <WiringAllowed value={!frozen}>
            <Canvas key={path} />
          </WiringAllowed>
          <Suspense>
            <Breadcrumb />
          </Suspense>
          {!frozen && (
            <PanelSwitch side="left" label={left ? "Hide the nodes" : "Show the nodes"}>
              <PanelLeft className="size-4" aria-hidden />
            </PanelSwitch>
          )}
          <PanelSwitch side="right" label={right ? "Hide the inspector" : "Show the inspector"}>
            <PanelRight className="size-4" aria-hidden />
          </PanelSwitch>
        </div>
        {right && (
          <SidePanel side="right" label="Inspector">
            <Inspector />
          </SidePanel>
        )}
      </div>
      <Overlays />
    </div>
  );
}

/**
 * Shows the graph, so near that it can be read, once all have their sizes: the canvas has its width only after the
 * panels have theirs, and nodes their height after the previews of the run that is opened. Until then nobody has moved
 * it.
 */
function useFirstFit(): void {
  const flow = useReactFlow();
  const fitted = useRef<string>(undefined);
  const hasPreviews = useEditor(({ run }) => run.nodes !== noRun.nodes && hasEnded(run.status));
  useEffect(() => {
    const view = () => JSON.stringify(flow.getViewport());
    async function showAll(): Promise<void> {
      if (fitted.current !== undefined && fitted.current !== view()) return;
      const legible = legibleView(flow);
      if (legible) await flow.setViewport(legible);
      else await flow.fitView({ padding: 0.1, maxZoom: 1 });
      fitted.current = view();
    }
    const timer = setTimeout(() => void showAll(), hasPreviews ? 250 : 120);
    return () => clearTimeout(timer);
  }, [flow, hasPreviews]);
}

/** Of a graph that would be too small to be read as a whole; a very large one is seen as a whole all the same. */
function legibleView(flow: ReactFlowInstance): Viewport | undefined {
  const canvas = document.querySelector(".react-flow")?.getBoundingClientRect();
  const nodes = flow.getNodes();
  if (!canvas || !nodes.length || nodes.length > alwaysDrawn) return undefined;
  return firstView(flow.getNodesBounds(nodes), nodes.map(boxOf), canvas);
}

function boxOf({ position, measured }: Node): Box {
  return { ...position, width: measured?.width ?? cardWidth, height: measured?.height ?? 120 };
}

/** Puts a node of a type into the middle of the window, or below what lies there. */
function usePick(): (type: string) => void {
  const flow = useReactFlow();
  const place = usePlacing();
  return (type) => {
    const middle = { x: window.innerWidth / 2 - 120, y: window.innerHeight / 2 - 60 };
    const at = flow.screenToFlowPosition(middle);
    const cards = flow.getNodes().filter(({ type: kind }) => kind === "node");
    place(type, freePlace({ ...at, width: cardWidth, height: 120 }, cards.map(boxOf)));
  };
}

function Failure({ error }: { error: PublicError }) {
  return (
    <div className="border-b border-line bg-bad-soft px-4 py-2 wrap-anywhere text-bad" role="alert">
      <b>{error.message}</b>
      {error.hint && <span className="ml-2">{error.hint}</span>}
      <Suspense>
        <MemoryAdvice error={error} />
      </Suspense>
    </div>
  );
}

interface PanelSwitchProps {
  label: string;
  side: PanelSide;
  children: ReactNode;
}

/** Hides or shows a panel, from the corner of the canvas beside it. */
function PanelSwitch({ label, side, children }: PanelSwitchProps) {
  const view = useViewStore();
  function toggle(): void {
    const { panels, set } = view.getState();
    set({ panels: { ...panels, [side]: !panels[side] } });
  }
  const corner = side === "left" ? "left-2" : "right-2";
  return (
    <IconButton
      label={label}
      className={`absolute top-2 z-10 border border-line bg-surface ${corner}`}
      onClick={toggle}
    >
      {children}
    </IconButton>
  );
}

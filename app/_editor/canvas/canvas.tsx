"use client";

import {
  Background,
  BackgroundVariant,
  Controls,
  type Node,
  Panel,
  ReactFlow,
  useKeyPress,
  useReactFlow,
} from "@xyflow/react";
import { type KeyboardEvent, lazy, type MouseEvent, Suspense, useCallback } from "react";
import { useCommandContext } from "../command-context";
import { chooseAndTell } from "../commands/walk";
import { useEditor, useEditorStore, useView, useViewStore } from "../context";
import { BoundaryView } from "../node/boundary-view";
import { NodeView } from "../node/node-view";
import { FrameView, NoteView } from "./annotation-views";
import type { AddRequest } from "./requests";
import { useDrop } from "./adding";
import { openInside } from "../composites/opening";
import { useConnecting } from "./connecting";
import { CanvasMenu } from "./canvas-menu";
import { gridStep } from "../snapping";
import { markWireAt, useDropOnWire } from "./drop-on-wire";
import { FarLayer } from "./far-layer";
import { useFlowNodes } from "./flow-nodes";
import { useFlowWires } from "./flow-wires";
import { useRoutes } from "./use-routes";
import { useForeseenNodes } from "./foreseen";
import { LevelOfDetail, useFarOf, useJudgement } from "./level-of-detail";
import { useWiresInView } from "./wires-in-view";
import type { FlowWire } from "./wire-of";
import { WireView } from "./wire-view";

const Overview = lazy(async () => ({ default: (await import("./overview")).Overview }));
const Guides = lazy(async () => ({ default: (await import("./guides")).Guides }));
const ConnectPopup = lazy(async () => ({ default: (await import("./connect-popup")).ConnectPopup }));
const RefusalTip = lazy(async () => ({ default: (await import("./refusals")).RefusalTip }));
const RefusalCard = lazy(async () => ({ default: (await import("./refusals")).RefusalCard }));
const FindBar = lazy(async () => ({ default: (await import("../find-bar")).FindBar }));
const AddPopup = lazy(async () => ({ default: (await import("./add-popup")).AddPopup }));

// React Flow compares what it is given by identity.
const nodeTypes = { node: NodeView, boundary: BoundaryView, frame: FrameView, note: NoteView };
const edgeTypes = { wire: WireView };
const fitViewOptions = { padding: 0.12, maxZoom: 1 };
/** With one of them a drag chooses what it goes around, and a click one more. */
const choosingKeys = ["Meta", "Control", "Shift"];
const snapGrid: [number, number] = [gridStep, gridStep];
const proOptions = { hideAttribution: false };

/** The graph as nodes and wires that can be moved, drawn and cut. */
export function Canvas() {
  const frozen = useEditor((state) => state.frozen);
  const count = useEditor((state) => Object.keys(state.shown.nodes).length);
  const view = useViewStore();
  const hidesWires = useView((state) => state.hidesWires);
  const hasChosen = useEditor((state) => state.selection.length > 0);
  const request = useView((state) => state.adding);
  const isFinding = useView((state) => state.overlay === "find");
  const connecting = useView((state) => state.connecting);
  const setRequest = view.getState().askForNode;
  const { nodes, changeNodes } = useFlowNodes();
  const { edges, changeEdges } = useFlowWires();
  const { isValidConnection, drawWire, startConnect, endConnect, replugging } = useConnecting();
  const isAltDown = useKeyPress("Alt");
  const { begin, over, drop: rest } = useDropOnWire();
  const ask = useAskOnDoubleClick(setRequest);
  const drop = useDrop();
  const openInstance = useOpenOnDoubleClick();
  const judgement = useJudgement(count);
  const isFar = useFarOf(judgement);
  useRoutes(edges);
  const drawnEdges = useWiresInView(edges, judgement);
  const bendWire = useBendOnDoubleClick();
  const chooseFocused = useChooseByTab();
  useForeseenNodes();
  return (
    <div
      className="relative size-full"
      data-wires={hidesWires ? "hidden" : undefined}
      data-chosen={hasChosen || undefined}
      onDrop={drop}
      onDragOver={(event) => {
        event.preventDefault();
        markWireAt({ x: event.clientX, y: event.clientY });
      }}
      onPointerMove={({ clientX, clientY, altKey }) => {
        Object.assign(view.getState().pointer, { place: { x: clientX, y: clientY }, isAltDown: altKey });
      }}
      onPointerLeave={() => {
        view.getState().pointer.place = undefined;
      }}
      onKeyUp={chooseFocused}
    >
      <LevelOfDetail value={judgement}>
        <CanvasMenu>
          <ReactFlow
            nodes={nodes}
            edges={drawnEdges}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            onNodesChange={changeNodes}
            onEdgesChange={changeEdges}
            onNodeDragStart={begin}
            onNodeDrag={over}
            snapToGrid={!isAltDown}
            snapGrid={snapGrid}
            onNodeDragStop={rest}
            onConnect={drawWire}
            isValidConnection={isValidConnection}
            onConnectStart={startConnect}
            onConnectEnd={endConnect}
            edgesReconnectable={!frozen}
            reconnectRadius={13}
            onEdgeMouseEnter={(_, { id }) => view.getState().comeNear(id)}
            onEdgeMouseLeave={() => view.getState().comeNear(undefined)}
            {...replugging}
            onDoubleClick={ask}
            onNodeDoubleClick={openInstance}
            onEdgeDoubleClick={bendWire}
            nodesDraggable={!frozen}
            nodesConnectable={!frozen}
            deleteKeyCode={null}
            disableKeyboardA11y
            edgesFocusable={false}
            selectionKeyCode={choosingKeys}
            multiSelectionKeyCode={choosingKeys}
            zoomOnDoubleClick={false}
            minZoom={0.02}
            maxZoom={2}
            fitView
            fitViewOptions={fitViewOptions}
            connectionRadius={28}
            proOptions={proOptions}
          >
            <Background variant={BackgroundVariant.Dots} gap={22} size={1.5} />
            <Controls showInteractive={false} position="bottom-left" />
            {isFar && <FarLayer />}
            <Suspense>
              <Overview />
              <Guides />
              <RefusalTip />
            </Suspense>
            {!count && <EmptyNotice />}
          </ReactFlow>
        </CanvasMenu>
      </LevelOfDetail>
      {request && (
        <Suspense>
          <AddPopup request={request} onClose={() => setRequest(undefined)} />
        </Suspense>
      )}
      <Suspense>
        <RefusalCard />
        {connecting && <ConnectPopup key={`${connecting.node}${connecting.port?.name}`} request={connecting} />}
        {isFinding && <FindBar />}
      </Suspense>
    </div>
  );
}

/** A double click on an instance shows its inside; one in a field on it chooses a word there. */
function useOpenOnDoubleClick(): (event: MouseEvent, node: Node) => void {
  const store = useEditorStore();
  return useCallback(
    (event, { id }) => {
      if (!(event.target as Element).closest("input, textarea, button")) openInside(store, id);
    },
    [store],
  );
}

/** A node that Tab leads to is chosen: its parameters are seen, and commands are about it. */
function useChooseByTab(): (event: KeyboardEvent) => void {
  const context = useCommandContext();
  return useCallback(
    ({ key, target }) => {
      const element = target as HTMLElement;
      const id = element.dataset.id;
      if (key !== "Tab" || id === undefined || !element.classList.contains("react-flow__node")) return;
      chooseAndTell(context, id);
    },
    [context],
  );
}

/** A double click on a wire bends it there. */
function useBendOnDoubleClick(): (event: MouseEvent, edge: FlowWire) => void {
  const store = useEditorStore();
  const { screenToFlowPosition, getInternalNode } = useReactFlow();
  return useCallback(
    (event, edge) => {
      const wire = edge.data?.wire;
      const [from, to] = [getInternalNode(edge.source), getInternalNode(edge.target)];
      if (!wire || edge.data?.isFolded || !from || !to || store.getState().frozen) return;
      const start = from.internals.positionAbsolute;
      const ends = [{ x: start.x + (from.measured.width ?? 0), y: start.y }, to.internals.positionAbsolute] as const;
      const at = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      void import("./bends").then(({ bendAt }) =>
        store.getState().edit((document) => bendAt(document, wire, ends, at)),
      );
    },
    [store, screenToFlowPosition, getInternalNode],
  );
}

/** A double click beside all nodes asks which node is wanted there. */
function useAskOnDoubleClick(onAsk: (request: AddRequest) => void): (event: MouseEvent) => void {
  const store = useEditorStore();
  const { screenToFlowPosition } = useReactFlow();
  return useCallback(
    (event) => {
      const isBeside = (event.target as Element).classList.contains("react-flow__pane");
      if (!isBeside || store.getState().frozen) return;
      const { clientX: x, clientY: y } = event;
      onAsk({ x, y, at: screenToFlowPosition({ x, y }) });
    },
    [store, onAsk, screenToFlowPosition],
  );
}

function EmptyNotice() {
  return (
    <Panel position="top-center" className="pointer-events-none !mt-[28vh] text-center text-ink-2">
      <p className="text-base font-medium text-ink">An empty graph</p>
      <p>Drag a node from the left, or double-click here to search for one.</p>
    </Panel>
  );
}

"use client";

import {
  Background,
  BackgroundVariant,
  BaseEdge,
  type Connection,
  Controls,
  type Edge,
  type EdgeProps,
  getBezierPath,
  MiniMap,
  type Node,
  type NodeChange,
  type OnConnectEnd,
  Panel,
  ReactFlow,
  useNodesState,
  useReactFlow,
} from "@xyflow/react";
import { type DragEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import type { Port } from "#nodes/core/ports";
import type { Wire } from "#nodes/graph/document";
import { canConnect } from "#nodes/graph/check";
import { addNode, connect, disconnect, moveNodes, removeNodes, sameWire, setParam } from "#nodes/graph/edits";
import { endpointKey } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { definitionOf, useChecked, useDefinitions, useEditor, useEditorStore } from "./context";
import { NodeView } from "./node";
import { dragType } from "./palette";
import { PalettePopup } from "./palette-popup";
import { upload } from "./upload";
import { fieldsOf } from "./widgets/describe";

const fieldsOfType = (type: string | undefined) => {
  const definition = definitionOf(type);
  return definition ? fieldsOf(definition) : [];
};
const nodeTypes = { node: NodeView };

const WireView = memo(function WireView({
  id,
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  targetPosition,
  data,
  source,
  target,
  selected,
}: EdgeProps<Edge<{ type: string; bad?: string }>>) {
  const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const busy = useEditor((s) => s.run.nodes[target]?.status === "running" && s.run.nodes[source]?.status !== "running");
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={busy ? "edge-busy" : ""}
        style={{
          stroke: data?.bad ? "var(--bad)" : `var(--port-${data?.type})`,
          strokeWidth: selected ? 3 : 2,
          strokeDasharray: data?.bad ? "5 4" : undefined,
        }}
        interactionWidth={16}
      />
      {data?.bad && <title>{data.bad}</title>}
    </>
  );
});
const edgeTypes = { wire: WireView };
const wireOf = (c: Connection | Edge): Wire | undefined =>
  c.source && c.target && c.sourceHandle && c.targetHandle
    ? { from: { node: c.source, port: c.sourceHandle }, to: { node: c.target, port: c.targetHandle } }
    : undefined;

/** The graph as nodes and wires that can be moved, drawn and cut. */
export function Canvas() {
  const store = useEditorStore();
  const document = useEditor((s) => s.history.present);
  const selection = useEditor((s) => s.selection);
  const frozen = useEditor((s) => s.frozen);
  const { problems } = useChecked();
  const definitionAt = useDefinitions();
  const [nodes, setNodes, onNodesChange] = useNodesState<Node>([]);
  const { screenToFlowPosition } = useReactFlow();
  const [selectedWires, setSelectedWires] = useState<string[]>([]);
  const [popup, setPopup] = useState<{
    x: number;
    y: number;
    at: { x: number; y: number };
    from?: { node: string; port: string; side: "source" | "target" };
  }>();

  // React Flow keeps sizes and drags; the document says which nodes there are and where they rest.
  useEffect(() => {
    setNodes((now) => {
      const known = new Map(now.map((n) => [n.id, n]));
      const chosen = new Set(selection);
      return Object.entries(document.nodes).map(([id, { position }]) => {
        const before = known.get(id);
        if (before?.dragging) return before;
        if (
          before &&
          before.selected === chosen.has(id) &&
          before.position.x === position.x &&
          before.position.y === position.y
        )
          return before;
        return { ...before, id, type: "node", position, selected: chosen.has(id), data: {} };
      });
    });
  }, [document.nodes, selection, setNodes]);

  const edges = useMemo(
    (): Edge[] =>
      document.wires.map((w) => {
        const id = `${endpointKey(w.from)} → ${endpointKey(w.to)}`;
        const type = definitionAt(w.from.node)?.outputs[w.from.port]?.type ?? "file";
        const bad = problems.find(
          (p) => p.severity === "error" && p.node === w.to.node && p.port === w.to.port && p.code !== "missing-input",
        )?.message;
        return {
          id,
          type: "wire",
          source: w.from.node,
          sourceHandle: w.from.port,
          target: w.to.node,
          targetHandle: w.to.port,
          data: { type, bad },
          selected: selectedWires.includes(id),
        };
      }),
    [document.wires, definitionAt, problems, selectedWires],
  );

  const changeNodes = useCallback(
    (changes: NodeChange<Node>[]) => {
      onNodesChange(changes.filter((c) => c.type !== "remove"));
      const picks = changes.filter((c) => c.type === "select");
      if (picks.length) {
        const chosen = new Set(store.getState().selection);
        for (const c of picks) c.selected ? chosen.add(c.id) : chosen.delete(c.id);
        store.getState().select([...chosen]);
      }
      const gone = changes.flatMap((c) => (c.type === "remove" ? [c.id] : []));
      if (gone.length) store.getState().edit((d) => removeNodes(d, gone));
      // Arrow keys move without a drag.
      const moved = changes.flatMap((c) =>
        c.type === "position" && c.dragging === false && c.position ? [[c.id, c.position] as const] : [],
      );
      if (moved.length) store.getState().edit((d) => moveNodes(d, Object.fromEntries(moved)), undefined);
    },
    [onNodesChange, store],
  );

  // Asked on every move of the pointer over a port: each pair is checked once for each state of the document.
  const verdicts = useRef<{ document: typeof document; known: Map<string, string | null> }>({
    document,
    known: new Map(),
  });
  const reasonAgainst = useCallback(
    (c: Connection | Edge): string | null => {
      const wire = wireOf(c);
      if (!wire) return "A wire goes from an output to an input.";
      const now = store.getState().history.present;
      if (verdicts.current.document !== now) verdicts.current = { document: now, known: new Map() };
      const id = `${endpointKey(wire.from)}→${endpointKey(wire.to)}`;
      const known = verdicts.current.known.get(id);
      if (known !== undefined) return known;
      const reason = canConnect(now, wire);
      verdicts.current.known.set(id, reason);
      return reason;
    },
    [store],
  );

  const endConnect: OnConnectEnd = useCallback(
    (event, state) => {
      const { fromHandle, fromNode, toHandle, toNode, isValid } = state;
      if (!fromHandle?.id || !fromNode) return;
      if (toHandle && toNode) {
        if (isValid) return;
        const ends =
          fromHandle.type === "source"
            ? { source: fromNode.id, sourceHandle: fromHandle.id, target: toNode.id, targetHandle: toHandle.id ?? null }
            : {
                source: toNode.id,
                sourceHandle: toHandle.id ?? null,
                target: fromNode.id,
                targetHandle: fromHandle.id,
              };
        if (fromHandle.type === toHandle.type)
          return void toast.error(`Two ${toHandle.type === "source" ? "outputs" : "inputs"} cannot be wired.`, {
            description: "A wire goes from an output, on the right, to an input, on the left.",
          });
        return void toast.error("These do not fit", { description: reasonAgainst(ends as Connection) ?? undefined });
      }
      const point = "changedTouches" in event ? (event.changedTouches[0] as Touch) : event;
      setPopup({
        x: point.clientX,
        y: point.clientY,
        at: screenToFlowPosition({ x: point.clientX, y: point.clientY }),
        from: { node: fromNode.id, port: fromHandle.id, side: fromHandle.type },
      });
    },
    [reasonAgainst, screenToFlowPosition],
  );

  const place = (type: string, at: { x: number; y: number }, wire?: (id: string) => Wire | undefined) => {
    let id = "";
    store.getState().edit((d) => {
      const added = addNode(d, type, at);
      const link = wire?.(added.id);
      id = added.id;
      return link ? connect(added.document, link) : added.document;
    });
    store.getState().select([id]);
  };
  /** Pictures dropped on a node that takes uploads go to it; elsewhere such a node is made for them. */
  const dropFiles = async (event: DragEvent) => {
    const at = screenToFlowPosition({ x: event.clientX - 120, y: event.clientY - 16 });
    const files = [...event.dataTransfer.files].filter((f) => f.type.startsWith("image/"));
    const over = (event.target as Element).closest<HTMLElement>("[data-node]")?.dataset.node;
    const fieldOf = (type: string | undefined) => fieldsOfType(type).find((f) => f.widget === "images")?.name;
    if (!files.length)
      return void toast.error("Only pictures can be dropped here.", {
        description: "PNG, JPEG, WebP, GIF, AVIF, TIFF and SVG are read.",
      });
    const type = Object.keys(registry).find((t) => fieldOf(t)) ?? "";
    const toast_ = toast.loading(`Sending ${files.length} ${files.length === 1 ? "picture" : "pictures"}`);
    try {
      const sent = await Promise.all(files.map(upload));
      const images = sent.map(({ ref, name }) => ({ ref, name }));
      store.getState().edit((d) => {
        const known =
          over !== undefined && fieldOf(d.nodes[over]?.type) ? { document: d, id: over } : addNode(d, type, at);
        const field = fieldOf(known.document.nodes[known.id]?.type) as string;
        const before = (known.document.nodes[known.id]?.params[field] ?? []) as { ref: string; name: string }[];
        return setParam(known.document, known.id, field, [...before, ...images]);
      });
    } catch (error) {
      toast.error((error as Error).message);
    } finally {
      toast.dismiss(toast_);
    }
  };
  const drop = (event: DragEvent) => {
    if (event.dataTransfer.files.length && !frozen) {
      event.preventDefault();
      return void dropFiles(event);
    }
    const type = event.dataTransfer.getData(dragType);
    if (!type || frozen) return;
    event.preventDefault();
    place(type, screenToFlowPosition({ x: event.clientX - 120, y: event.clientY - 16 }));
  };

  return (
    <div className="relative size-full" onDrop={drop} onDragOver={(e) => e.preventDefault()}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={changeNodes}
        onEdgesChange={(changes) => {
          for (const c of changes)
            if (c.type === "select")
              setSelectedWires((now) => (c.selected ? [...now, c.id] : now.filter((id) => id !== c.id)));
          const gone = changes.flatMap((c) =>
            c.type === "remove" ? edges.filter((e) => e.id === c.id).flatMap((e) => wireOf(e) ?? []) : [],
          );
          if (gone.length)
            store.getState().edit((d) =>
              disconnect(
                d,
                gone.filter((w) => d.wires.some((x) => sameWire(x, w))),
              ),
            );
        }}
        onNodeDragStop={(_, __, dragged) =>
          store.getState().edit((d) => moveNodes(d, Object.fromEntries(dragged.map((n) => [n.id, n.position]))))
        }
        onConnect={(c) => {
          const wire = wireOf(c);
          if (wire) store.getState().edit((d) => connect(d, wire));
        }}
        isValidConnection={(c) => reasonAgainst(c) === null}
        onConnectEnd={endConnect}
        onDoubleClick={(e) => {
          if ((e.target as Element).classList.contains("react-flow__pane") && !frozen)
            setPopup({ x: e.clientX, y: e.clientY, at: screenToFlowPosition({ x: e.clientX, y: e.clientY }) });
        }}
        nodesDraggable={!frozen}
        nodesConnectable={!frozen}
        deleteKeyCode={frozen ? null : ["Delete", "Backspace"]}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={["Meta", "Control", "Shift"]}
        zoomOnDoubleClick={false}
        onlyRenderVisibleElements={Object.keys(document.nodes).length > 120}
        minZoom={0.08}
        maxZoom={2}
        fitView
        fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
        connectionRadius={28}
        proOptions={{ hideAttribution: false }}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.5} />
        <Controls showInteractive={false} position="bottom-left" />
        <MiniMap
          pannable
          zoomable
          position="bottom-right"
          className="!hidden lg:!block"
          style={{ width: 150, height: 96 }}
          nodeColor={(n) => `var(--port-${Object.values<Port>(definitionAt(n.id)?.outputs ?? {})[0]?.type ?? "file"})`}
        />
        {!Object.keys(document.nodes).length && (
          <Panel position="top-center" className="pointer-events-none !mt-[28vh] text-center text-ink-2">
            <p className="text-base font-medium text-ink">An empty graph</p>
            <p>Drag a node from the left, or double-click here to search for one.</p>
          </Panel>
        )}
      </ReactFlow>
      {popup && (
        <PalettePopup
          x={popup.x}
          y={popup.y}
          fitting={popup.from && { type: portType(popup.from), side: popup.from.side }}
          onClose={() => setPopup(undefined)}
          onPick={(type) => {
            const { from, at } = popup;
            setPopup(undefined);
            place(type, at, (id) => {
              if (!from) return undefined;
              const wanted = portType(from);
              const ports = definitionOf(type)?.[from.side === "source" ? "inputs" : "outputs"] ?? {};
              const port = Object.keys(ports).find((name) => ports[name]?.type === wanted);
              if (!port) return undefined;
              const there = { node: id, port };
              const here = { node: from.node, port: from.port };
              return from.side === "source" ? { from: here, to: there } : { from: there, to: here };
            });
          }}
        />
      )}
    </div>
  );

  function portType({ node, port, side }: { node: string; port: string; side: "source" | "target" }): string {
    return definitionAt(node)?.[side === "source" ? "outputs" : "inputs"][port]?.type ?? "";
  }
}

"use client";

import { useReactFlow, useStoreApi } from "@xyflow/react";
import { lazy, type MouseEvent, type ReactNode, Suspense, useEffect, useState } from "react";
import { whenIdle } from "../../_ui/when-idle";
import { useEditorStore } from "../context";
import { useIsFar } from "./level-of-detail";
import type { Target } from "./menu-target";
import { type FlowWire, wireOf } from "./wire-of";

const OpenCanvasMenu = lazy(async () => ({ default: (await import("./open-canvas-menu")).OpenCanvasMenu }));

/** Not at the grid that nodes snap to. */
const exact = { snapToGrid: false };

/** The menu of what lies under the pointer, or has the focus: nodes, wires, ports, or the canvas itself. */
export function CanvasMenu({ children }: { children: ReactNode }) {
  const store = useEditorStore();
  const flow = useReactFlow();
  const drawn = useStoreApi();
  const isFar = useIsFar();
  const [open, setOpen] = useState<{ target: Target; place: { x: number; y: number } }>();
  useEffect(() => whenIdle(() => void import("./open-canvas-menu")), []);
  function look(event: MouseEvent): void {
    const element = event.target as Element;
    if (event.defaultPrevented || element.closest("input, textarea")) return;
    event.preventDefault();
    const [target, place] = [targetAt(element), { x: event.clientX, y: event.clientY }];
    if (target.kind === "pane" && isFar) void openFar(place);
    else setOpen({ target, place });
  }
  /** From afar wires are one drawing. */
  async function openFar(place: { x: number; y: number }): Promise<void> {
    const { wireAt } = await import("./far-drawing");
    const wire = wireAt(store.getState(), drawn.getState(), flow.screenToFlowPosition(place, exact));
    setOpen({ target: wire ? { kind: "wire", wire } : { kind: "pane" }, place });
  }
  function targetAt(element: Element): Target {
    const handle = element.closest<HTMLElement>(".react-flow__handle");
    if (handle) {
      const side = handle.classList.contains("source") ? "source" : "target";
      return { kind: "port", node: handle.dataset.nodeid ?? "", port: { name: handle.dataset.handleid ?? "", side } };
    }
    const edge = element.closest<HTMLElement>(".react-flow__edge, [data-wire-label]")?.dataset.id;
    const wire = edge === undefined ? undefined : wireOf(flow.getEdge(edge) as FlowWire);
    if (wire) return { kind: "wire", wire };
    const node = element.closest<HTMLElement>(".react-flow__node, .react-flow__nodesselection");
    if (!node) return { kind: "pane" };
    const { selection, select } = store.getState();
    const id = node.dataset.id;
    if (id !== undefined && !selection.includes(id)) select([id]);
    return { kind: store.getState().selection.length > 1 ? "selection" : "node" };
  }
  return (
    <div className="size-full" onContextMenu={look}>
      {children}
      {open && (
        <Suspense>
          <OpenCanvasMenu {...open} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

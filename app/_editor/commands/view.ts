/** Commands on what is seen of the graph. */
import type { ReactFlowInstance } from "@xyflow/react";
import { walkProblems } from "../problems/walk";
import type { CommandContext } from "./command";

/** Milliseconds that a change of the view takes, where motion is wanted at all. */
const glide = 200;

export function duration(): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : glide;
}

export function fitAll({ flow }: Pick<CommandContext, "flow">): void {
  void flow.fitView({ padding: 0.12, duration: duration(), maxZoom: 1 });
}

export function fitChosen({ flow, store }: CommandContext): void {
  const nodes = store.getState().selection.map((id) => ({ id }));
  void flow.fitView({ nodes, padding: 0.2, duration: duration(), maxZoom: 1 });
}

/** The next problem, or the one before: its node is chosen and shown so near that it can be read. */
export function goToProblem({ store, flow }: CommandContext, by: 1 | -1): void {
  walkProblems(store, by, (id) => showNode(flow, id));
}

export function showNode(flow: Pick<ReactFlowInstance, "fitView" | "getZoom">, id: string): void {
  const near = Math.max(0.7, Math.min(1, flow.getZoom()));
  void flow.fitView({ nodes: [{ id }], minZoom: near, maxZoom: near, duration: duration() });
}

export function actualSize({ flow }: CommandContext): void {
  void flow.zoomTo(1, { duration: duration() });
}

export function zoom({ flow }: CommandContext, factor: number): void {
  void flow.zoomTo(flow.getZoom() * factor, { duration: duration() });
}

/** Hides both panels where one is seen, and shows them otherwise. */
export function togglePanels({ view }: CommandContext): void {
  const { panels, set } = view.getState();
  const isSeen = panels.left || panels.right;
  set({ panels: { left: !isSeen, right: !isSeen } });
}

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where some nodes lie in the graph, as large as they were drawn. */
export function rectsOf(flow: ReactFlowInstance, ids: readonly string[]): Rect[] {
  return ids.flatMap((id) => {
    const node = flow.getInternalNode(id);
    if (!node) return [];
    const { width = 240, height = 120 } = node.measured;
    return [{ ...node.internals.positionAbsolute, width, height }];
  });
}

/** Moves the view to some places of the graph, unless one of them is seen; it is as near as before. */
export function bringIntoView(flow: ReactFlowInstance, rects: readonly Rect[]): void {
  const canvas = document.querySelector(".react-flow")?.getBoundingClientRect();
  if (!rects.length || !canvas) return;
  const isSeen = rects.some(({ x, y, width, height }) => {
    const start = flow.flowToScreenPosition({ x, y });
    const end = flow.flowToScreenPosition({ x: x + width, y: y + height });
    return end.x > canvas.left && start.x < canvas.right && end.y > canvas.top && start.y < canvas.bottom;
  });
  if (isSeen) return;
  const left = Math.min(...rects.map(({ x }) => x));
  const top = Math.min(...rects.map(({ y }) => y));
  const right = Math.max(...rects.map(({ x, width }) => x + width));
  const bottom = Math.max(...rects.map(({ y, height }) => y + height));
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  void flow.setCenter(middle.x, middle.y, { zoom: flow.getZoom(), duration: duration() });
}

/** Where the pointer is in the graph; the middle of what is seen while it is elsewhere. */
export function placeInGraph({ flow, view }: Pick<CommandContext, "flow" | "view">): { x: number; y: number } {
  return flow.screenToFlowPosition(placeOnScreen({ view }));
}

export function placeOnScreen({ view }: Pick<CommandContext, "view">): { x: number; y: number } {
  const canvas = document.querySelector(".react-flow")?.getBoundingClientRect();
  const middle = canvas && { x: canvas.left + canvas.width / 2, y: canvas.top + canvas.height / 3 };
  return view.getState().pointer.place ?? middle ?? { x: 0, y: 0 };
}

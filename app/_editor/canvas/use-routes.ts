import { type ReactFlowState, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";
import type { Point } from "#nodes/graph/document";
import { useViewStore } from "../context";
import type { Route } from "../view";
import { alwaysDrawn } from "./judged";
import { placeOf } from "./level-of-detail";
import type { End } from "./routing";
import type { FlowWire } from "./wire-of";

/** Milliseconds that nodes have kept their places and sizes before wires are led around them. */
const rest = 80;

/**
 * Leads wires around nodes, whenever those came to rest. Not in a graph of very many: its wires are many, and its nodes
 * boxes.
 */
export function useRoutes(edges: readonly FlowWire[]): void {
  const flow = useStoreApi();
  const view = useViewStore();
  useEffect(() => {
    let timer = 0;
    let known = "";
    let isOver = false;
    async function look(): Promise<void> {
      timer = 0;
      const routing = await import("./routing");
      const { nodeLookup } = flow.getState();
      if (isOver || [...nodeLookup.values()].some(({ dragging }) => dragging)) return;
      view.setState({ routes: nodeLookup.size > alwaysDrawn ? new Map() : routesIn(routing, nodeLookup, edges) });
    }
    function soon(): void {
      const now = placesOf(flow.getState());
      if (now === known) return;
      known = now;
      clearTimeout(timer);
      timer = window.setTimeout(() => void look(), rest);
    }
    soon();
    const end = flow.subscribe(soon);
    return () => {
      isOver = true;
      clearTimeout(timer);
      end();
    };
  }, [flow, view, edges]);
}

/** All places and sizes, and whether something is dragged, as one text. */
function placesOf({ nodeLookup }: ReactFlowState): string {
  if (nodeLookup.size > alwaysDrawn) return "many";
  return [...nodeLookup.values()]
    .map((node) => `${Object.values(placeOf(node)).join()}${node.dragging ? "!" : ""}${node.hidden ? "-" : ""}`)
    .join(" ");
}

function routesIn(
  { routesOf, pathBack }: typeof import("./routing"),
  nodes: ReactFlowState["nodeLookup"],
  edges: readonly FlowWire[],
): ReadonlyMap<string, Route> {
  const boxes = [...nodes.values()]
    .filter(({ type, hidden }) => type === "node" && !hidden)
    .map((node) => placeOf(node));
  const ends = edges.flatMap((edge): (End & { id: string })[] => {
    if (edge.data?.wire?.via) return [];
    const from = handlePlace(nodes, edge.source, "source", edge.sourceHandle);
    const to = handlePlace(nodes, edge.target, "target", edge.targetHandle);
    return from && to ? [{ id: edge.id, owner: `${edge.source} ${edge.sourceHandle}`, from, to }] : [];
  });
  const routes = routesOf(ends, boxes);
  return new Map(
    ends.flatMap(({ id, from, to }, i) => {
      const bends = routes[i] ?? [];
      return bends.length ? [[id, { from, to, bends, path: pathBack(from, bends, to) }] as const] : [];
    }),
  );
}

/** Where a wire meets a port. */
function handlePlace(
  nodes: ReactFlowState["nodeLookup"],
  id: string,
  side: "source" | "target",
  port: string | null | undefined,
): Point | undefined {
  const node = nodes.get(id);
  const handle = node?.internals.handleBounds?.[side]?.find((each) => each.id === port);
  if (!node || !handle) return undefined;
  const { x, y } = node.internals.positionAbsolute;
  return { x: x + handle.x + (side === "source" ? handle.width : 0), y: y + handle.y + handle.height / 2 };
}

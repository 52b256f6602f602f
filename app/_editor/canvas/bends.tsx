import { useReactFlow } from "@xyflow/react";
import { type PointerEvent, useState } from "react";
import { bend } from "#nodes/graph/annotations";
import type { GraphDocument, Point, Wire } from "#nodes/graph/document";
import { useEditor, useEditorStore } from "../context";

/** Bends a wire once more, between the bends that the place is nearest to. */
export function bendAt(document: GraphDocument, wire: Wire, ends: readonly [Point, Point], at: Point): GraphDocument {
  const { via = [] } = wire;
  const stops = [ends[0], ...via, ends[1]];
  const detours = stops.slice(1).map((to, i) => {
    const from = stops[i] as Point;
    return distance(from, at) + distance(at, to) - distance(from, to);
  });
  return bend(document, wire, via.toSpliced(detours.indexOf(Math.min(...detours)), 0, at));
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** The bends as points to take hold of: a drag moves one, a double click or Delete takes it away. */
export function Bends({ wire, colour }: { wire: Wire; colour: string }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const via = wire.via ?? [];
  const write = (points: readonly Point[]) => store.getState().edit((document) => bend(document, wire, points));
  return via.map((point, place) => (
    <BendPoint
      key={place}
      point={point}
      colour={colour}
      isFixed={frozen}
      onMove={(to) => write(via.with(place, to))}
      onRemove={() => write(via.toSpliced(place, 1))}
    />
  ));
}

interface BendPointProps {
  point: Point;
  colour: string;
  isFixed: boolean;
  onMove(to: Point): void;
  onRemove(): void;
}

function BendPoint({ point, colour, isFixed, onMove, onRemove }: BendPointProps) {
  const { screenToFlowPosition } = useReactFlow();
  const [held, setHeld] = useState<Point>();
  const { x, y } = held ?? point;
  const placeOf = ({ clientX, clientY }: PointerEvent) => screenToFlowPosition({ x: clientX, y: clientY });
  return (
    <circle
      role="button"
      tabIndex={isFixed ? -1 : 0}
      aria-label="Bend of the wire: Delete takes it away"
      cx={x}
      cy={y}
      r={held ? 6 : 5}
      fill="var(--surface)"
      stroke={colour}
      strokeWidth={2}
      className="nodrag nopan cursor-move"
      style={{ pointerEvents: isFixed ? "none" : "all" }}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        setHeld(point);
      }}
      onPointerMove={(event) => held && setHeld(placeOf(event))}
      onPointerUp={(event) => {
        setHeld(undefined);
        const to = placeOf(event);
        if (held && distance(held, point) > 1) onMove(to);
      }}
      onDoubleClick={(event) => {
        event.stopPropagation();
        onRemove();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Delete" && event.key !== "Backspace") return;
        event.stopPropagation();
        onRemove();
      }}
    />
  );
}

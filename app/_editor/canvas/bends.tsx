import { useReactFlow } from "@xyflow/react";
import { type PointerEvent, useState } from "react";
import { added, bend } from "#nodes/graph/annotations";
import type { GraphDocument, Point, Wire } from "#nodes/graph/document";
import { wireKey } from "#nodes/graph/document-shape";
import { useEditor, useEditorStore } from "../context";
import { gridStep } from "../snapping";

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

const steps: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -gridStep, y: 0 },
  ArrowRight: { x: gridStep, y: 0 },
  ArrowUp: { x: 0, y: -gridStep },
  ArrowDown: { x: 0, y: gridStep },
};

/** What a key makes of the bends of a wire while one of them has the focus; nothing where it means nothing to them. */
export function bendsAfterKey(via: readonly Point[], place: number, key: string): Point[] | undefined {
  const [step, point] = [steps[key], via[place]];
  if (step && point) return via.with(place, added(point, step));
  return key === "Delete" || key === "Backspace" ? via.toSpliced(place, 1) : undefined;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** The bends as points to take hold of: a drag or an arrow key moves one, a double click or Delete takes it away. */
export function Bends({ wire, colour }: { wire: Wire; colour: string }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const via = wire.via ?? [];
  const write = (points: readonly Point[], merge?: string) =>
    store.getState().edit((document) => bend(document, wire, points), merge);
  /** Steps in a row are one step of undo. */
  function press(place: number, key: string): boolean {
    const points = bendsAfterKey(via, place, key);
    if (points) write(points, points.length === via.length ? `bend ${wireKey(wire)} ${place}` : undefined);
    return points !== undefined;
  }
  return via.map((point, place) => (
    <BendPoint
      key={place}
      point={point}
      colour={colour}
      isFixed={frozen}
      onMove={(to) => write(via.with(place, to))}
      onKey={(key) => press(place, key)}
      onRemove={() => write(via.toSpliced(place, 1))}
    />
  ));
}

interface BendPointProps {
  point: Point;
  colour: string;
  isFixed: boolean;
  onMove(to: Point): void;
  /** Whether the key means something to a bend. */
  onKey(key: string): boolean;
  onRemove(): void;
}

function BendPoint({ point, colour, isFixed, onMove, onKey, onRemove }: BendPointProps) {
  const { screenToFlowPosition } = useReactFlow();
  const [held, setHeld] = useState<Point>();
  const { x, y } = held ?? point;
  const placeOf = ({ clientX, clientY }: PointerEvent) => screenToFlowPosition({ x: clientX, y: clientY });
  return (
    <circle
      role="button"
      tabIndex={isFixed ? -1 : 0}
      aria-label="Bend of the wire: arrow keys move it, Delete takes it away"
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
        if (!onKey(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

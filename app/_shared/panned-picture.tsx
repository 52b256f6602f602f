"use client";

import { Maximize, Minus, Plus } from "lucide-react";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { IconButton } from "../_ui/button";

interface PannedPictureProps {
  svg: string;
  width: number;
  height: number;
  label: string;
  /** As high as what is around it, instead of as the picture asks. */
  fills?: boolean;
}

interface Look {
  scale: number;
  x: number;
  y: number;
}
const whole: Look = { scale: 1, x: 0, y: 0 };
const mostScale = 12;

/** A drawing that is moved by a finger or the pointer, and enlarged by two fingers, the wheel or its buttons. */
export function PannedPicture({ svg, width, height, label, fills }: PannedPictureProps) {
  const [look, setLook] = useState(whole);
  const frame = useRef<HTMLDivElement>(null);
  const fingers = useFingers(setLook);
  useWheel(frame, setLook);
  function zoom(factor: number): void {
    const box = frame.current?.getBoundingClientRect();
    setLook((before) => zoomed(before, factor, (box?.width ?? 0) / 2, (box?.height ?? 0) / 2));
  }
  return (
    <div
      className={`relative overflow-hidden rounded-xl border border-line bg-ground ${fills ? "h-full" : ""}`}
      style={
        fills
          ? undefined
          : { aspectRatio: `${width} / ${height}`, width: "100%", maxHeight: "60vh", minHeight: "10rem" }
      }
    >
      <div
        ref={frame}
        role="img"
        aria-label={label}
        className="size-full cursor-grab active:cursor-grabbing"
        style={{ touchAction: look.scale > 1 ? "none" : "pan-y" }}
        {...fingers}
      >
        <div
          className="size-full origin-top-left [&>svg]:size-full"
          style={{ transform: `translate(${look.x}px, ${look.y}px) scale(${look.scale})` }}
          // biome-ignore lint/security/noDangerouslySetInnerHtml: our own drawing, in which all texts are escaped
          dangerouslySetInnerHTML={{ __html: svg }}
        />
      </div>
      <div className="absolute right-2 bottom-2 flex rounded-md border border-line bg-surface">
        <IconButton label="Smaller" onClick={() => zoom(1 / 1.5)}>
          <Minus className="size-4" aria-hidden />
        </IconButton>
        <IconButton label="Larger" onClick={() => zoom(1.5)}>
          <Plus className="size-4" aria-hidden />
        </IconButton>
        <IconButton label="All of it" onClick={() => setLook(whole)}>
          <Maximize className="size-4" aria-hidden />
        </IconButton>
      </div>
    </div>
  );
}

/** Enlarged about a place of the frame, which stays where it is. */
function zoomed({ scale, x, y }: Look, factor: number, placeX: number, placeY: number): Look {
  const next = Math.min(mostScale, Math.max(1, scale * factor));
  if (next === 1) return whole;
  const change = next / scale;
  return { scale: next, x: placeX - (placeX - x) * change, y: placeY - (placeY - y) * change };
}

type SetLook = (change: (before: Look) => Look) => void;

/** One finger moves, two enlarge by how far apart they are. */
function useFingers(setLook: SetLook) {
  const places = useRef(new Map<number, { x: number; y: number }>());
  function placeIn(event: PointerEvent<HTMLElement>): { x: number; y: number } {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
  function move(event: PointerEvent<HTMLElement>): void {
    const before = places.current.get(event.pointerId);
    if (!before) return;
    const now = placeIn(event);
    const other = [...places.current].find(([id]) => id !== event.pointerId)?.[1];
    places.current.set(event.pointerId, now);
    if (!other) {
      const [x, y] = [now.x - before.x, now.y - before.y];
      setLook((look) => (look.scale === 1 ? look : { ...look, x: look.x + x, y: look.y + y }));
      return;
    }
    const distance = (place: { x: number; y: number }) => Math.hypot(place.x - other.x, place.y - other.y);
    const factor = distance(now) / Math.max(1, distance(before));
    setLook((look) => zoomed(look, factor, (now.x + other.x) / 2, (now.y + other.y) / 2));
  }
  function end(event: PointerEvent<HTMLElement>): void {
    places.current.delete(event.pointerId);
  }
  return {
    onPointerDown(event: PointerEvent<HTMLElement>): void {
      event.currentTarget.setPointerCapture(event.pointerId);
      places.current.set(event.pointerId, placeIn(event));
    },
    onPointerMove: move,
    onPointerUp: end,
    onPointerCancel: end,
  };
}

/** React listens to wheels passively, so that the page would scroll, too. Only with a key held: pages are scrolled. */
function useWheel(frame: { current: HTMLElement | null }, setLook: SetLook): void {
  useEffect(() => {
    const { current } = frame;
    if (!current) return;
    function turn(event: WheelEvent): void {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
      const factor = 1.0025 ** -event.deltaY;
      setLook((look) => zoomed(look, factor, event.clientX - left, event.clientY - top));
    }
    current.addEventListener("wheel", turn, { passive: false });
    return () => current.removeEventListener("wheel", turn);
  }, [frame, setLook]);
}

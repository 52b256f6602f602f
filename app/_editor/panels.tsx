"use client";

import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { cx } from "../_ui/cx";
import { useView, useViewStore } from "./context";
import { createView, type PanelSide, panelWidths, type ViewState, type ViewStore } from "./view";

/** Narrower windows begin without the list of nodes. */
const roomForBoth = 1180;
/** In narrower ones, such as a phone's, a graph is read and not edited; panels lie over the canvas there. */
const roomToEdit = 640;

/** How this browser had the window, with the panels that it has room for now. */
export function createFittingView(): ViewStore {
  const view = createView();
  const { panels, set } = view.getState();
  if (window.innerWidth < roomForBoth) set({ panels: { ...panels, left: false } });
  if (!hasRoomToEdit()) set({ panels: { left: false, right: false } });
  return view;
}

export const hasRoomToEdit = (): boolean => window.innerWidth >= roomToEdit;

interface SidePanelProps {
  side: PanelSide;
  label: string;
  children: ReactNode;
}

/** A panel beside the canvas. Its edge is dragged, or moved with the arrow keys, to make it wider. */
export function SidePanel({ side, label, children }: SidePanelProps) {
  const width = useView((state) => state.widths[side]);
  const edge = <PanelEdge side={side} label={label} />;
  return (
    <>
      {side === "right" && edge}
      <aside
        aria-label={label}
        style={{ width }}
        onKeyDown={returnToCanvas}
        className={cx("shrink-0 border-line bg-surface", side === "left" ? "border-r" : "border-l", sheet)}
      >
        {children}
      </aside>
      {side === "left" && edge}
    </>
  );
}

/** On a phone it lies over the lower part of the canvas. */
const sheet =
  "max-sm:absolute max-sm:inset-x-0 max-sm:bottom-0 max-sm:z-20 max-sm:h-3/5 max-sm:w-auto! max-sm:border-t";

/** Escape leaves a field for the node that is chosen; in a list or a window that a field opened it closes that. */
function returnToCanvas({ key, target, currentTarget, defaultPrevented }: KeyboardEvent): void {
  const isInside = currentTarget.contains(target as Element);
  if (key !== "Escape" || defaultPrevented || !isInside) return;
  const chosen = document.querySelector<HTMLElement>(".react-flow__node.selected");
  if (chosen) chosen.focus({ preventScroll: true });
  else (target as HTMLElement).blur();
}

/** Pixels that an arrow key moves an edge. */
const keyStep = 16;

function PanelEdge({ side, label }: Omit<SidePanelProps, "children">) {
  const view = useViewStore();
  const width = useView((state) => state.widths[side]);
  const sign = side === "left" ? 1 : -1;
  const { least, most } = panelWidths[side];
  const widen = (to: number) => view.getState().set(withWidth(view.getState(), side, to));
  function begin(event: PointerEvent): void {
    const start = event.clientX;
    const edge = event.currentTarget as HTMLElement;
    edge.setPointerCapture(event.pointerId);
    edge.onpointermove = ({ clientX }) => widen(width + sign * (clientX - start));
  }
  function end(event: PointerEvent): void {
    (event.currentTarget as HTMLElement).onpointermove = null;
  }
  function press(event: KeyboardEvent): void {
    const steps = { ArrowLeft: -sign, ArrowRight: sign }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    widen(width + steps * keyStep);
  }
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${label}`}
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={begin}
      onPointerUp={end}
      onKeyDown={press}
      className={cx(
        "relative z-10 w-0 cursor-col-resize touch-none max-sm:hidden",
        "after:absolute after:inset-y-0 after:-left-1 after:w-2 hover:after:bg-accent/30",
        "focus-visible:after:bg-accent/60",
      )}
    />
  );
}

function withWidth({ widths }: ViewState, side: PanelSide, width: number): Pick<ViewState, "widths"> {
  const { least, most } = panelWidths[side];
  return { widths: { ...widths, [side]: Math.round(Math.min(most, Math.max(least, width))) } };
}

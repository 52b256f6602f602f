"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import type { RefObject } from "react";

export interface Windowed {
  /** Places of the first row that is drawn, and of the first that is not any more. */
  start: number;
  end: number;
}

/** Rows above and below the window that are drawn before they are seen. */
const margin = 10;

/** Which rows of equal height a scrolling element shows, so that no others are drawn. */
export function useWindowed(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): Windowed {
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: margin,
    initialRect: { width: 1000, height: 800 },
  });
  const drawn = rows.getVirtualItems();
  return { start: drawn[0]?.index ?? 0, end: (drawn.at(-1)?.index ?? -1) + 1 };
}

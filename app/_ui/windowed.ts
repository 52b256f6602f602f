"use client";

import { type RefObject, useEffect, useState } from "react";

export interface Windowed {
  /** Places of the first row that is drawn, and of the first that is not any more. */
  start: number;
  end: number;
}

/** Rows above and below the window that are drawn before they are seen. */
const margin = 10;

/** Which rows of equal height a scrolling element shows, so that no others are drawn. */
export function useWindowed(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): Windowed {
  const [shown, setShown] = useState<Windowed>({ start: 0, end: 40 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    function look(): void {
      const { scrollTop, clientHeight } = element as HTMLElement;
      const start = Math.max(0, Math.floor(scrollTop / rowHeight) - margin);
      const end = Math.ceil((scrollTop + clientHeight) / rowHeight) + margin;
      setShown((before) => (before.start === start && before.end === end ? before : { start, end }));
    }
    look();
    element.addEventListener("scroll", look, { passive: true });
    const sized = new ResizeObserver(look);
    sized.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      sized.disconnect();
    };
  }, [scroller, rowHeight]);
  return { start: Math.min(shown.start, count), end: Math.min(shown.end, count) };
}

"use client";

import { type KeyboardEvent, type PointerEvent, type RefObject, useState } from "react";

export interface Drag {
  id: string;
  /** The place that it would come to, among all of the list. */
  place: number;
}

export interface Reordering {
  drag: Drag | undefined;
  /** What the handle of an item listens to. */
  handle(id: string): {
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
    onPointerCancel(event: PointerEvent): void;
    onKeyDown(event: KeyboardEvent): void;
  };
}

/**
 * Moves items of a list by their handles, with the pointer or with the arrow keys. `list` is the element whose
 * children are the items, in the order of `ids`; `move` hears before which other item one comes, or behind all.
 */
export function useReorder(
  list: RefObject<HTMLElement | null>,
  ids: readonly string[],
  move: (id: string, before: string | null, place: number) => void,
): Reordering {
  const [drag, setDrag] = useState<Drag>();
  /** The gap that the pointer is nearest to: as many items are above it. */
  function gapAt(y: number): number {
    const items = [...(list.current?.children ?? [])].slice(0, ids.length);
    return items.filter((item) => middleOf(item) < y).length;
  }
  function moveTo(id: string, gap: number): void {
    const place = ids.indexOf(id);
    if (gap === place || gap === place + 1 || gap < 0 || gap > ids.length) return;
    move(id, ids[gap] ?? null, gap > place ? gap - 1 : gap);
  }
  return {
    drag,
    handle: (id) => ({
      onPointerDown(event) {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ id, place: ids.indexOf(id) });
      },
      onPointerMove(event) {
        if (drag) setDrag({ id, place: gapAt(event.clientY) });
      },
      onPointerUp() {
        if (drag) moveTo(drag.id, drag.place);
        setDrag(undefined);
      },
      onPointerCancel: () => setDrag(undefined),
      onKeyDown(event) {
        const gaps: Record<string, number> = {
          ArrowUp: ids.indexOf(id) - 1,
          ArrowDown: ids.indexOf(id) + 2,
          Home: 0,
          End: ids.length,
        };
        const gap = gaps[event.key];
        if (gap === undefined) return;
        event.preventDefault();
        moveTo(id, gap);
      },
    }),
  };
}

function middleOf(element: Element): number {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}

"use client";

import { lazy, Suspense } from "react";

const Tray = lazy(async () => ({ default: (await import("./queue-tray")).QueueTray }));

/** The tray of the queue. It lies over the page by a library that comes after the page itself. */
export function QueueTray() {
  return (
    <Suspense fallback={<span className="size-8" />}>
      <Tray />
    </Suspense>
  );
}

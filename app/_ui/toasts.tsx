"use client";

import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { place } from "./toast";
import { whenIdle } from "./when-idle";

const Toaster = lazy(async () => ({ default: (await import("./toaster")).Toaster }));

/** Where notices appear. */
export function Toasts() {
  const isWanted = useSyncExternalStore(place.subscribe, place.isWanted, () => false);
  useEffect(() => whenIdle(place.want), []);
  return isWanted ? (
    <Suspense>
      <Toaster />
    </Suspense>
  ) : null;
}

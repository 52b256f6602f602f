"use client";

import { lazy, Suspense } from "react";
import type { ChartProps } from "./chart";

const Loaded = lazy(async () => ({ default: (await import("./chart")).Chart }));

/** A chart whose library is loaded when the first one is shown; its place is kept meanwhile. */
export function LazyChart(props: ChartProps) {
  return (
    <Suspense fallback={<div className="skeleton" style={{ height: props.height }} />}>
      <Loaded {...props} />
    </Suspense>
  );
}

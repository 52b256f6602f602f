"use client";

import { lazy, Suspense } from "react";
import type { Preview } from "#nodes/core/preview";
import type { PreviewProps } from "./preview-props";

const Loaded = lazy(async () => ({ default: (await import("./index")).PreviewView }));

/** A preview whose views are loaded when the first result is there: an editor opens without them. */
export function LazyPreview(props: PreviewProps<Preview>) {
  return (
    <Suspense fallback={<div className="skeleton h-16" />}>
      <Loaded {...props} />
    </Suspense>
  );
}

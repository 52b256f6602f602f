"use client";

import { type ComponentType, Suspense } from "react";
import type { PreviewOf } from "#nodes/core/preview";
import type { PreviewProps } from "./preview-props";
import { views } from "./views.gen";

/** What is looked at in a way of its own: the kind says which. */
export function ViewPreview(props: PreviewProps<PreviewOf["view"]>) {
  const View = views[props.preview.kind] as ComponentType<PreviewProps<PreviewOf["view"]>> | undefined;
  if (!View) return <p className="text-2xs text-ink-3">This Patchbay has no view of {props.preview.kind}.</p>;
  return (
    <Suspense fallback={<div className="skeleton h-32" />}>
      <View {...props} />
    </Suspense>
  );
}
